using System.Globalization;
using Banking.Accounts.Domain;
using Banking.EventStore.Callers;
using Banking.EventStore.Storage;
using Npgsql;

namespace Banking.Accounts.ReadModels;

/// <summary>Which deposits, withdrawals or transfers a list shows, and to whom.</summary>
/// <param name="Accounts">Null for all accounts of the bank.</param>
/// <param name="Reason">The reason in words; null for any.</param>
public sealed record TransactionSearch(Guid[]? Accounts, EntryFilter Filter, string? Reason, Caller Caller)
{
    /// <summary>Whether some rows may have to be left out when their events are known.</summary>
    internal bool NeedsEvents => Filter.Correlation is not null || Reason is not null || Accounts is { Length: > 1 };

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
public sealed class TransactionPages(NpgsqlDataSource source, EntryPages entries)
{
    /// <summary>Rows that a page reads at once if their events decide.</summary>
    private const int BatchSize = 500;

    /// <summary>
    /// Rows that a page looks at. A page of a rare reason ends here, with fewer items than its limit, instead of reading the whole bank.
    /// </summary>
    private const int MaxRows = 10_000;

    private const string Entry = $"{AccountsModule.Schema}.{EntriesModel.Entry}";

    /// <param name="before">The position of the entry before which the page begins; null for the first page.</param>
    /// <returns>The entries, and the position after which the next page begins; null if this is the last page.</returns>
    public async Task<(IReadOnlyList<BookedEntry> Entries, long? Next)> ReadAsync(
        TransactionSearch search, long? before, int limit, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(search);
        var found = new List<BookedEntry>();
        var size = search.NeedsEvents ? BatchSize : limit + 1;
        for (var seen = 0; ; seen += size)
        {
            var rows = await RowsAsync(search, before, size, ct);
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

            if (rows.Count < size)
            {
                return (found, null);
            }

            before = rows[^1].Position;
            if (seen + size >= MaxRows)
            {
                return (found, before);
            }
        }
    }

    private Task<IReadOnlyList<(long Position, long Balance)>> RowsAsync(
        TransactionSearch search, long? before, int limit, CancellationToken ct)
    {
        var (wanted, conditions) = search.Filter.Conditions();
        var values = conditions.ToList();
        if (before is { } last)
        {
            // Recorded times do not strictly rise with positions.
            var position = Add(last);
            wanted += $" and (e.recorded_at, e.position) < " +
                $"((select l.recorded_at from {Entry} l where l.position = {position}), {position})";
        }

        var count = Add(limit);
        var sql = search.Accounts is null
            ? $"select e.position, e.balance from {Entry} e where {wanted} order by e.recorded_at desc, e.position desc limit {count}"
            // Recorded times rise with versions within an account, so its primary key gives the order.
            : $"select n.position, n.balance from unnest({Add(search.Accounts)}) as a(id) cross join lateral (" +
                $"select e.position, e.balance, e.recorded_at from {Entry} e where e.account = a.id and {wanted} " +
                $"order by e.version desc limit {count}) n order by n.recorded_at desc, n.position desc limit {count}";
        return source.ListAsync(sql, [.. values], row => (row.GetInt64(0), row.GetInt64(1)), ct);

        string Add(object value)
        {
            values.Add(value);
            return "$" + values.Count.ToString(CultureInfo.InvariantCulture);
        }
    }
}
