using Banking.Commands.Decisions;
using Marten;
using Npgsql;
using NpgsqlTypes;

namespace Banking.Commands.Receipts;

/// <summary>
/// Finds the stored answers to requests that today's rules of shape refuse. A rule that was added later must not change what was answered
/// before: a client that repeats an old request learns what became of it.
/// </summary>
public sealed class StoredAnswers(NpgsqlDataSource source, IDocumentStore store, EarlierReceipts former)
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
        var candidates =
            from context in contexts
            from id in context.FormerReceiptIds.Prepend(context.ReceiptId)
            where receipts.ContainsKey(id) && context.IsAnsweredBy(receipts[id].Receipt.Fingerprint)
            select (receipts[id].Receipt, receipts[id].Position, Context: context);
        // One of today's scope is the caller's, and goes first.
        var today = candidates.ToLookup(c => c.Receipt.Id == c.Context.ReceiptId);
        foreach (var (receipt, position, context) in today[true])
        {
            found[context.ReceiptId] = receipt.Replay(position);
        }

        var earlier = today[false].Where(c => !found.ContainsKey(c.Context.ReceiptId)).ToList();
        var areOwn = await former.AreOfCallersAsync([.. earlier.Select(c => (c.Receipt, c.Context))]);
        foreach (var ((receipt, position, context), isOwn) in earlier.Zip(areOwn))
        {
            // The request is refused unless the receipt is known to be the caller's: here nothing else would tell whose it is.
            if (isOwn == true)
            {
                found.TryAdd(context.ReceiptId, receipt.Replay(position));
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
