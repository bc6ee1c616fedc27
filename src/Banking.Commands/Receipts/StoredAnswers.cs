using Banking.Commands.Decisions;
using Banking.EventStore.Storage;
using Npgsql;

namespace Banking.Commands.Receipts;

/// <summary>
/// Finds the stored answers to requests that fail today's validation. A rule added later must not change earlier answers: a client that
/// repeats an old request still gets its outcome.
/// </summary>
public sealed class StoredAnswers(NpgsqlDataSource source, EarlierReceipts earlierReceipts, ReplayedAnswers answers)
{
    /// <summary>Returns the answer to the same content under the same key, or null.</summary>
    public async Task<Outcome?> FindAsync(CommandContext context, CancellationToken ct)
    {
        return (await FindAsync([context], ct)).GetValueOrDefault(context.ReceiptId);
    }

    /// <summary>Returns the answers by <see cref="CommandContext.ReceiptId"/>, without entries for commands that have none.</summary>
    public async Task<IReadOnlyDictionary<Guid, Outcome>> FindAsync(IReadOnlyCollection<CommandContext> contexts, CancellationToken ct)
    {
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
        // A receipt under the current scope belongs to the caller, and takes precedence.
        var today = candidates.ToLookup(c => c.Receipt.Id == c.Context.ReceiptId);
        foreach (var (receipt, position, context) in today[true])
        {
            found[context.ReceiptId] = new Outcome.Replayed(receipt, position);
        }

        var earlier = today[false].Where(c => !found.ContainsKey(c.Context.ReceiptId)).ToList();
        var areVisible = await earlierReceipts.AreVisibleAsync([.. earlier.Select(c => (c.Receipt, c.Context))]);
        foreach (var ((receipt, position, context), isVisible) in earlier.Zip(areVisible))
        {
            // An answer is returned only if the receipt is known to belong to the caller: nothing else would protect it here.
            if (isVisible == true)
            {
                found.TryAdd(context.ReceiptId, new Outcome.Replayed(receipt, position));
            }
        }

        var open = contexts.Where(c => found.ContainsKey(c.ReceiptId)).DistinctBy(c => c.ReceiptId).ToList();
        var complete = await answers.CompleteAsync([.. open.Select(c => found[c.ReceiptId])], i => open[i], ct);
        return open.Zip(complete).ToDictionary(a => a.First.ReceiptId, a => a.Second);
    }

    private async Task<Dictionary<Guid, (Receipt Receipt, long? Position)>> ReceiptsAsync(Guid[] ids, CancellationToken ct) =>
        (await source.ListAsync(ReceiptTable.Select, [ids], ReceiptTable.Read, ct)).ToDictionary(r => r.Receipt.Id);
}
