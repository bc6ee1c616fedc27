using System.Numerics;
using Banking.Accounts.Domain;
using JasperFx.Events;
using Npgsql;

namespace Banking.Accounts.ReadModels;

/// <summary>A figure of one account with how much of its stream it comes from.</summary>
/// <param name="Version">The account's version that was looked at.</param>
public sealed record Booked(BalanceAt At, long Version);

/// <summary>
/// What one account looked like: from its rows in the read model as far as they go, and from the events behind them. So an answer is never
/// behind the log, however far the read model is; only what is not in it yet costs more.
/// </summary>
public sealed class AccountBook(NpgsqlDataSource source, AccountReader reader)
{
    private const string Entry = $"{AccountsModule.Schema}.{EntriesModel.Entry}";
    private const string Day = $"{AccountsModule.Schema}.{EntriesModel.Day}";
    private const string Counts = "(e.effective_at, e.effective_tick) <= ($2, $4)";

    /// <summary>
    /// What was known is the first so many events. Of those, whole chunks are summed by day up to the day of the effective instant; of that
    /// day, the chunks that have something of it are summed or looked into; and the rows behind the last whole chunk are looked at.
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
                where d.account = $1 and d.level = 0 and d.day = (select day from day) and d.chunk < (select version from known) / {Chunks.Size} and d.effective_to < $2
                union all
                select e.amount, 1, e.version from {Day} d join {Entry} e on e.account = $1
                    and e.version > d.chunk::bigint * {Chunks.Size} and e.version <= (d.chunk + 1)::bigint * {Chunks.Size}
                where d.account = $1 and d.level = 0 and d.day = (select day from day) and d.chunk < (select version from known) / {Chunks.Size}
                    and d.effective_to >= $2 and d.effective_from <= $2 and (e.effective_at at time zone 'UTC')::date = d.day and {Counts}
                union all
                select e.amount, 1, e.version from {Entry} e
                where e.account = $1 and e.version > (select version from known) / {Chunks.Size} * {Chunks.Size} and e.version <= (select version from known) and {Counts})
        select (select coalesce(max(version), 0) from {Entry} where account = $1),
            coalesce(sum(net), 0)::numeric, coalesce(sum(events), 0)::int, coalesce(max(last_version), 0),
            coalesce((select overdraft_limit from {Entry} e where account = $1 and overdraft_limit is not null and {Counts} and version <= (select version from known)
                order by version desc limit 1), 0)
        from parts
        """;

    private const string AtAVersion =
        $"""
        with reach as (select version, balance from {Entry} where account = $1 and version <= $2 order by version desc limit 1)
        select version, balance::numeric, version::int, version,
            coalesce((select overdraft_limit from {Entry} where account = $1 and version <= $2 and overdraft_limit is not null order by version desc limit 1), 0)
        from reach
        """;

    /// <summary>What counted at one instant as far as it was known at another.</summary>
    public Task<Booked> AtAsync(Account account, DateTimeOffset effectiveAt, DateTimeOffset knownAt, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(account);
        return AtAsync(account, AtInstants, 0, effectiveAt, knownAt, ct, effectiveAt.UtcDateTime, knownAt.UtcDateTime,
            EntryRow.TickOf(effectiveAt));
    }

    /// <summary>Right after an event of the account, whenever that counted.</summary>
    public Task<Booked> AtVersionAsync(Account account, long version, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(account);
        return AtAsync(account, AtAVersion, version, DateTimeOffset.MaxValue, DateTimeOffset.MaxValue, ct, version);
    }

    private async Task<Booked> AtAsync(
        Account account,
        string sql,
        long upTo,
        DateTimeOffset effectiveAt,
        DateTimeOffset knownAt,
        CancellationToken ct,
        params object[] values)
    {
        var (reach, last, at) = await RowsAsync(account, sql, values, ct);
        IReadOnlyList<IEvent> behind = upTo > 0 && reach >= upTo ? [] : await reader.EventsAsync(account.Id, upTo, reach + 1, ct);
        at = at.Then(behind, effectiveAt, knownAt);
        if (at is { Last: null, Events: > 0 })
        {
            // Archived events are not served from here, and neither is what came of them.
            at = at with { Last = await reader.EventsAsync(account.Id, last, last, ct) is [var e] ? e : null };
        }

        return new(at, reach + behind.Count);
    }

    private async Task<(long Reach, long Last, BalanceAt At)> RowsAsync(Account account, string sql, object[] values, CancellationToken ct)
    {
        await using var command = source.CreateCommand(sql);
        command.Parameters.Add(new() { Value = account.Id });
        foreach (var value in values)
        {
            command.Parameters.Add(new() { Value = value });
        }

        await using var rows = await command.ExecuteReaderAsync(ct);
        return await rows.ReadAsync(ct)
            ? (
                rows.GetInt64(0),
                rows.GetInt64(3),
                new BalanceAt(
                    new((Int128)rows.GetFieldValue<BigInteger>(1), account.Currency),
                    new(rows.GetInt64(4), account.Currency),
                    null,
                    rows.GetInt32(2)))
            : (0, 0, BalanceAt.Nothing(account.Currency));
    }
}
