using Banking.Platform.EventSourcing;
using Marten;
using Npgsql;
using NpgsqlTypes;

namespace Banking.Platform.Commands;

/// <summary>
/// Finds the stored answers to requests that today's rules of shape refuse. A rule that was added later must not change what was answered
/// before: a client that repeats an old request learns what became of it.
/// </summary>
public sealed class StoredAnswers(NpgsqlDataSource source, IDocumentStore store, FormerReceipts former)
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

        var receipts = await ReceiptsAsync([.. contexts.SelectMany(c => c.FormerReceiptIds.Prepend(c.ReceiptId))], ct);
        foreach (var context in contexts)
        {
            foreach (var id in context.FormerReceiptIds.Prepend(context.ReceiptId))
            {
                // The request is refused unless the receipt is known to be the caller's: here nothing else would tell whose it is.
                if (receipts.TryGetValue(id, out var known) && context.IsAnsweredBy(known.Receipt.Fingerprint)
                    && (id == context.ReceiptId || await former.IsOfCallerAsync(known.Receipt, context) == true))
                {
                    found[context.ReceiptId] = known.Receipt.Replay(known.Position);
                    break;
                }
            }
        }

        return found;
    }

    private async Task<Dictionary<Guid, (Receipt Receipt, long? Position)>> ReceiptsAsync(Guid[] ids, CancellationToken ct)
    {
        await using var command = source.CreateCommand(ReceiptTable.Select(store.Options.Events.DatabaseSchemaName));
        command.Parameters.Add(new() { Value = ids, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Uuid });
        await using var reader = await command.ExecuteReaderAsync(ct);
        var receipts = new Dictionary<Guid, (Receipt Receipt, long? Position)>();
        while (await reader.ReadAsync(ct))
        {
            var (receipt, position) = ReceiptTable.Read(reader);
            receipts[receipt.Id] = (receipt, position);
        }

        return receipts;
    }
}
