using Banking.Accounts.Domain;
using Banking.EventStore.Callers;

namespace Banking.Accounts.ReadModels;

/// <summary>Which deposits, withdrawals or transfers a list shows, and to whom.</summary>
/// <param name="Accounts">Null for all accounts of the bank.</param>
/// <param name="Reason">The reason in words; null for any.</param>
public sealed record TransactionSearch(Guid[]? Accounts, EntryFilter Filter, string? Reason, Caller Caller)
{
    /// <summary>The number of rows to read at once: more than a page has where their events decide which of them are listed.</summary>
    internal int BatchSize(int limit) =>
        Filter.Correlation is not null || Reason is not null ? 500
        // One of the halves of a transfer between two of the accounts is left out.
        : Accounts is { Length: > 1 } && !Filter.IsOfOneKind ? 2 * (limit + 1)
        : limit + 1;

    /// <summary>
    /// Whether an entry is listed. A transfer between two of the accounts is listed once, as the payer's. Correlation and reason are
    /// compared only where the caller may see them, or a search would reveal them.
    /// </summary>
    internal bool Includes(BookedEntry entry) =>
        (entry.Movement is MoneyDeposited or MoneyWithdrawn or TransferSent
            || (entry.Movement is TransferReceived received && Accounts?.Contains(received.From) == false))
        && (Filter.Correlation is null || (entry.Event.CorrelationId == Filter.Correlation && Caller.CanSeeOrigin(entry.Event)))
        && (Reason is null || entry.Event.ReasonFor(Caller) == Reason);
}

/// <summary>
/// Pages of deposits, withdrawals and transfers, the last recorded first. The book finds them by what its rows have; their events have the
/// rest.
/// </summary>
public sealed class TransactionPages(NewestRows newest, EntryPages entries)
{
    /// <summary>
    /// Events that a page reads. A page of a rare reason ends here, with fewer items than its limit, instead of reading the whole bank.
    /// </summary>
    private const int MaxEvents = 10_000;

    /// <summary>The entry before which a page begins, by its position; null if the search looks at none there.</summary>
    public Task<PageStart?> FindAsync(long position, TransactionSearch search, CancellationToken ct) =>
        newest.FindAsync(position, search.Accounts, search.Filter, ct);

    /// <param name="before">The entry before which the page begins; null for the first page.</param>
    /// <returns>The entries, and the position after which the next page begins; null if this is the last page.</returns>
    public async Task<(IReadOnlyList<BookedEntry> Entries, long? Next)> ReadAsync(
        TransactionSearch search, PageStart? before, int limit, CancellationToken ct)
    {
        var found = new List<BookedEntry>();
        var size = search.BatchSize(limit);
        for (var seen = size; ; seen += size)
        {
            var (rows, next) = await newest.ReadAsync(new(search.Accounts, search.Filter, ByRecordedTime: true), before, size, ct);
            var events = (await entries.WithEventsAsync(rows.ToDictionary(), ct)).ToDictionary(e => e.Event.Sequence);
            foreach (var (position, _) in rows)
            {
                if (events.TryGetValue(position, out var entry) && search.Includes(entry))
                {
                    if (found.Count == limit)
                    {
                        return (found, found[^1].Event.Sequence);
                    }

                    found.Add(entry);
                }
            }

            if (rows.Count < size || seen >= MaxEvents)
            {
                return (found, next);
            }

            before = await FindAsync(next!.Value, search, ct);
        }
    }
}
