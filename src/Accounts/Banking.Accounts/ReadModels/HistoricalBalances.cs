using System.Numerics;
using Banking.Accounts.Domain;
using Banking.EventStore.Storage;
using JasperFx.Events;
using Npgsql;

namespace Banking.Accounts.ReadModels;

/// <summary>A balance of one account.</summary>
/// <param name="Version">The version of the account up to which its events were considered.</param>
public sealed record HistoricalBalance(BalanceAt At, long Version);

/// <summary>
/// Balances of one account at past instants and versions. They come from the rows of the read model, and from the events that the read
/// model does not have yet. So an answer is never behind the log; a lagging read model only makes it slower.
/// </summary>
public sealed class HistoricalBalances(NpgsqlDataSource source, AccountReader reader)
{
    private const string Entry = $"{AccountsModule.Schema}.{EntriesModel.Entry}";
    private const string Day = $"{AccountsModule.Schema}.{EntriesModel.Day}";
    private const string IsEffective = "(e.effective_at, e.effective_tick) <= ($2, $4)";

    /// <summary>
    /// The events known at an instant are the first events of the stream, up to a version. The query adds: the day sums of whole chunks for
    /// the days before the effective day; for the effective day the sums of chunks that end before the instant, and the rows of chunks that
    /// span it; and the rows after the last whole chunk.
    /// </summary>
    private static readonly string AtInstants =
        $"""
        with recursive {Chunks.LastKnown},
            known as (select low as version from search where low = high),
            day as (select ($2::timestamptz at time zone 'UTC')::date as day),
            parts as (
                {Chunks.Sums("select version from known", "credits - debits as net, events, last_version", "day < (select day from day)")}
                union all
                select d.credits - d.debits, d.events, d.last_version from {Day} d
                where d.account = $1 and d.level = 0 and d.day = (select day from day)
                    and d.chunk < (select version from known) / {Chunks.Size} and d.effective_to < $2
                union all
                select e.amount, 1, e.version from {Day} d join {Entry} e on e.account = $1
                    and e.version > d.chunk::bigint * {Chunks.Size} and e.version <= (d.chunk + 1)::bigint * {Chunks.Size}
                where d.account = $1 and d.level = 0 and d.day = (select day from day)
                    and d.chunk < (select version from known) / {Chunks.Size} and d.effective_to >= $2 and d.effective_from <= $2
                    and (e.effective_at at time zone 'UTC')::date = d.day and {IsEffective}
                union all
                select e.amount, 1, e.version from {Entry} e
                where e.account = $1 and e.version > (select version from known) / {Chunks.Size} * {Chunks.Size}
                    and e.version <= (select version from known) and {IsEffective})
        select (select coalesce(max(version), 0) from {Entry} where account = $1),
            coalesce(sum(net), 0)::numeric, coalesce(sum(events), 0)::int, coalesce(max(last_version), 0),
            coalesce((select overdraft_limit from {Entry} e
                where account = $1 and not movement and overdraft_limit is not null and {IsEffective}
                    and version <= (select version from known)
                order by version desc limit 1), 0)
        from parts
        """;

    private const string AtAVersion =
        $"""
        with reach as (select version, balance from {Entry} where account = $1 and version <= $2 order by version desc limit 1)
        select version, balance::numeric, version::int, version,
            coalesce((select overdraft_limit from {Entry}
                where account = $1 and version <= $2 and not movement and overdraft_limit is not null order by version desc limit 1), 0)
        from reach
        """;

    /// <summary>The balance of the events that took effect by one instant, of those recorded by another.</summary>
    public Task<HistoricalBalance> AtAsync(Account account, DateTimeOffset effectiveAt, DateTimeOffset knownAt, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(account);
        return AtAsync(account, AtInstants, 0, effectiveAt, knownAt, ct, effectiveAt.UtcDateTime, knownAt.UtcDateTime,
            EntryRow.TickOf(effectiveAt));
    }

    /// <summary>The balance right after an event of the account, whatever its effective time.</summary>
    public Task<HistoricalBalance> AtVersionAsync(Account account, long version, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(account);
        return AtAsync(account, AtAVersion, version, DateTimeOffset.MaxValue, DateTimeOffset.MaxValue, ct, version);
    }

    private async Task<HistoricalBalance> AtAsync(
        Account account,
        string sql,
        long upTo,
        DateTimeOffset effectiveAt,
        DateTimeOffset knownAt,
        CancellationToken ct,
        params object[] values)
    {
        var (lastRow, lastIncluded, at) = await ReadRowsAsync(account, sql, values, ct);
        IReadOnlyList<IEvent> newer = upTo > 0 && lastRow >= upTo ? [] : await reader.EventsAsync(account.Id, upTo, lastRow + 1, ct);
        at = at.With(newer, effectiveAt, knownAt);
        if (at is { Last: null, Events: > 0 })
        {
            // Null if the events are archived: archived events are not served, and neither are balances computed from them.
            at = at with { Last = await reader.EventsAsync(account.Id, lastIncluded, lastIncluded, ct) is [var e] ? e : null };
        }

        return new(at, lastRow + newer.Count);
    }

    private async Task<(long LastRow, long LastIncluded, BalanceAt At)> ReadRowsAsync(
        Account account, string sql, object[] values, CancellationToken ct)
    {
        var rows = await source.ListAsync(
            sql,
            [account.Id, .. values],
            row => (
                row.GetInt64(0),
                row.GetInt64(3),
                new BalanceAt(
                    new((Int128)row.GetFieldValue<BigInteger>(1), account.Currency),
                    new(row.GetInt64(4), account.Currency),
                    null,
                    row.GetInt32(2))),
            ct);
        return rows is [var found] ? found : (0, 0, BalanceAt.Nothing(account.Currency));
    }
}
