using Banking.Accounts.Contracts;
using Banking.Accounts.Domain;
using Banking.EventStore.Log;
using Banking.EventStore.Storage;
using Banking.SharedKernel;
using Banking.Web.Http;
using JasperFx.Events;
using Npgsql;

namespace Banking.Accounts.ReadModels;

/// <summary>A movement with the balance after it.</summary>
public sealed record BookedEntry(IEvent Event, IMovement Movement, Money Balance);

/// <summary>Pages of entries. Order and balances come from the read model, all else from the events.</summary>
public sealed class EntryPages(
    NpgsqlDataSource source, NewestRows newest, EventReader events, AccountReader reader, HistoricalBalances balances)
{
    private const string Entry = $"{AccountsModule.Schema}.{EntriesModel.Entry}";
    private const string Day = $"{AccountsModule.Schema}.{EntriesModel.Day}";

    /// <summary>Whole chunks that one statement reads: enough for a page of the largest limit if most of their entries match.</summary>
    private const int ChunksAtOnce = 4;

    /// <summary>Finds the chunks by the index by day.</summary>
    private static readonly string OfShortInterval = OfInterval("0");

    /// <summary>
    /// Finds the chunks by the primary key, which has them in their order: the index by day has the chunks of each day, and all days of a
    /// long interval would be sorted. PostgreSQL cannot use that index if the level is a subselect.
    /// </summary>
    private static readonly string OfLongInterval = OfInterval("(select 0)");

    private static readonly TimeSpan ShortInterval = TimeSpan.FromDays(100);

    /// <summary>
    /// The next rows of an account that took effect in an interval: of the next whole chunks that have an event in it and, if there are no
    /// more of these, of the rows after the last whole chunk. So a month of an account with many years of entries is found by its days, and
    /// a page does not read the rest of its interval. The first row has the last version of the read model and, if chunks may follow, the
    /// last version of those that were read.
    /// </summary>
    /// <param name="level">An expression for level 0.</param>
    private static string OfInterval(string level) =>
        $"""
        with reach as (select coalesce(max(version), 0) as version from {Entry} where account = $1),
            chunks as (
                select distinct d.chunk from {Day} d
                where d.account = $1 and d.level = {level} and d.day >= ($3::timestamptz at time zone 'UTC')::date
                    and d.day <= ($4::timestamptz at time zone 'UTC')::date and d.effective_to >= $3 and d.effective_from < $4
                    and d.chunk >= $2::bigint / {Chunks.Size} and d.chunk <= $6::bigint / {Chunks.Size}
                order by d.chunk limit {ChunksAtOnce}),
            found as (
                select e.* from chunks c join {Entry} e on e.account = $1
                    and e.version > c.chunk::bigint * {Chunks.Size} and e.version <= (c.chunk + 1)::bigint * {Chunks.Size}
                union all
                select e.* from {Entry} e
                where e.account = $1 and e.version > (select version from reach) / {Chunks.Size} * {Chunks.Size}
                    and (select count(*) from chunks) < {ChunksAtOnce})
        select null::bigint, version,
            (select (max(chunk) + 1)::bigint * {Chunks.Size} from chunks having count(*) = {ChunksAtOnce}) from reach
        union all
        (select position, balance, null from found
        where movement and version > $2 and version <= $6 and effective_at >= $3 and effective_at < $4 order by version limit $5)
        """;

    /// <summary>
    /// The next entries of an account after a version, oldest first: from the read model, then from the events it does not have yet.
    /// </summary>
    /// <param name="upTo">The version up to which the account's events count.</param>
    public async Task<IReadOnlyList<BookedEntry>> OfAccountAsync(
        Account account, Interval effective, long after, long upTo, int limit, CancellationToken ct)
    {
        if (after >= upTo)
        {
            return [];
        }

        var (reach, rows) = effective == default
            ? (0, await RowsAsync(
                $"select position, balance from {Entry} where account = $1 and movement and version > $2 and version <= $4 "
                    + "order by version limit $3",
                [account.Id, after, limit, upTo],
                ct))
            : await OfIntervalAsync(account, effective, after, upTo, limit, ct);
        var entries = (await WithEventsAsync(rows, ct)).OrderBy(e => e.Event.Version).ToList();
        if (entries.Count == limit || rows.Count > entries.Count)
        {
            return entries;
        }

        var last = Math.Max(reach, entries.Count == 0 ? after : entries[^1].Event.Version);
        return [.. entries, .. (await NewerAsync(account, last, upTo, ct)).Where(e => Fits(e, effective)).Take(limit - entries.Count)];
    }

    /// <summary>The newest entries before a position, of the whole bank or of some accounts, newest first.</summary>
    /// <param name="accounts">Null for all.</param>
    /// <returns>The entries, and the position after which the next page begins; null if this is the last page.</returns>
    public async Task<(IReadOnlyList<BookedEntry> Entries, long? Next)> NewestAsync(
        Guid[]? accounts, EntryFilter filter, PageStart? before, int limit, CancellationToken ct)
    {
        // One more than the page has, to know whether there is a next page.
        var (rows, next) = await newest.ReadAsync(new(accounts, filter, ByRecordedTime: false), before, limit + 1, ct);
        if (rows.Count > limit)
        {
            (rows, next) = ([.. rows.Take(limit)], rows[limit - 1].Position);
        }

        return ([.. (await WithEventsAsync(rows.ToDictionary(), ct)).OrderByDescending(e => e.Event.Sequence)], next);
    }

    /// <summary>The row before which a page begins, by its position; null if there is none among the accounts.</summary>
    /// <param name="accounts">Null for all.</param>
    public Task<PageStart?> FindAsync(long position, Guid[]? accounts, EntryFilter filter, CancellationToken ct) =>
        newest.FindAsync(position, accounts, filter, ct);

    /// <summary>The entries at these positions, in the order of the log. Those of streams that Marten archived are left out.</summary>
    /// <param name="rows">The balances after the entries, by position.</param>
    internal async Task<IReadOnlyList<BookedEntry>> WithEventsAsync(IReadOnlyDictionary<long, long> rows, CancellationToken ct)
    {
        if (rows.Count == 0)
        {
            return [];
        }

        return [.. (await events.AtAsync([.. rows.Keys], ct)).Select(e => e.Data is IMovement movement
            ? new BookedEntry(e, movement, new(rows[e.Sequence], movement.Amount.Currency))
            : throw new UnreadableEventException(
                e, new InvalidOperationException("The read model has an entry for it, but it is not a movement.")))];
    }

    private async Task<(long Reach, IReadOnlyDictionary<long, long> Rows)> OfIntervalAsync(
        Account account, Interval effective, long after, long upTo, int limit, CancellationToken ct)
    {
        var (from, to) = (effective.From ?? DateTimeOffset.MinValue, effective.To ?? DateTimeOffset.MaxValue);
        var sql = to - from <= ShortInterval ? OfShortInterval : OfLongInterval;
        var rows = new Dictionary<long, long>();
        while (true)
        {
            var found = await source.ListAsync(
                sql,
                [account.Id, after, from.UtcDateTime, to.UtcDateTime, limit - rows.Count, upTo],
                row => (Position: row.GetOrDefault<long?>(0), Number: row.GetInt64(1), Last: row.GetOrDefault<long?>(2)),
                ct);
            foreach (var row in found.Where(r => r.Position is not null))
            {
                rows.Add(row.Position!.Value, row.Number);
            }

            var (_, reach, last) = found.Single(r => r.Position is null);
            if (rows.Count == limit || last is null)
            {
                return (reach, rows);
            }

            after = last.Value;
        }
    }

    private async Task<IReadOnlyDictionary<long, long>> RowsAsync(string sql, object?[] values, CancellationToken ct) =>
        (await source.ListAsync(sql, values, row => (Position: row.GetInt64(0), Balance: row.GetInt64(1)), ct)).ToDictionary();

    /// <summary>The entries after one version of the account and up to another, from its events.</summary>
    private async Task<IReadOnlyList<BookedEntry>> NewerAsync(Account account, long after, long upTo, CancellationToken ct)
    {
        if (after >= upTo)
        {
            return [];
        }

        var balance = after == 0 ? Money.Zero(account.Currency) : (await balances.AtVersionAsync(account, after, ct)).At.Balance.ToMoney();
        var entries = new List<BookedEntry>();
        foreach (var e in await reader.EventsAsync(account.Id, upTo, after + 1, ct))
        {
            if (e.Data is IMovement movement)
            {
                balance = After(balance, e, movement);
                entries.Add(new(e, movement, balance));
            }
        }

        return entries;
    }

    private static bool Fits(BookedEntry entry, Interval effective) => effective.Contains(entry.Movement.EffectiveAt);

    private static Money After(Money balance, IEvent e, IMovement movement)
    {
        try
        {
            return balance + movement.SignedAmount;
        }
        catch (Exception failure) when (failure is InvalidOperationException or OverflowException)
        {
            throw new UnreadableEventException(e, failure);
        }
    }
}
