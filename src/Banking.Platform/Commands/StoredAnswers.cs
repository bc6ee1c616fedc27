using Banking.Platform.EventSourcing;
using Marten;
using Npgsql;
using NpgsqlTypes;

namespace Banking.Platform.Commands;

/// <summary>
/// Finds the stored answers to requests that today's rules of shape refuse. A rule that was added later must not change what was answered
/// before: a client that repeats an old request learns what became of it.
/// </summary>
public sealed class StoredAnswers(NpgsqlDataSource source, IDocumentStore store)
{
    /// <summary>The answer to the same content under the same key, or null.</summary>
    public async Task<Outcome?> FindAsync(CommandContext context, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(context);
        return (await FindAsync([context], ct)).GetValueOrDefault(context.ReceiptId);
    }

    /// <summary>The answers by <see cref="CommandContext.ReceiptId"/>; commands without one are not among them.</summary>
    public async Task<IReadOnlyDictionary<Guid, Outcome>> FindAsync(IReadOnlyCollection<CommandContext> contexts, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(contexts);
        var found = new Dictionary<Guid, Outcome>();
        if (contexts.Count == 0)
        {
            return found;
        }

        var fingerprints = contexts.ToDictionary(c => c.ReceiptId, c => c.Fingerprint);
        await using var command = source.CreateCommand(ReceiptTable.Select(store.Options.Events.DatabaseSchemaName));
        command.Parameters.Add(new() { Value = fingerprints.Keys.ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Uuid });
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            var (receipt, position) = ReceiptTable.Read(reader);
            if (receipt.Fingerprint == fingerprints[receipt.Id])
            {
                found[receipt.Id] = receipt.Replay(position);
            }
        }

        return found;
    }
}
