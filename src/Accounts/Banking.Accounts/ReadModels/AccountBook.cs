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

    /// <summary>
    /// Chunks of which everything was known are summed by day; of a day that the effective instant cuts, and of the one chunk that the known
    /// instant cuts, the rows are looked at: a few hundred, whatever the account's size. A chunk's rows are in the order of recording.
    /// </summary>
    private static readonly string AtInstants =
        $"""
        with reach as (select coalesce(max(version), 0) as version from {Entry} where account = $1),
            cut as (select coalesce(
                (select min(chunk) from {Day} where account = $1 and recorded_to > $3),
                (select max(chunk) + 1 from {Day} where account = $1), 0) as chunk),
            whole as (select coalesce(sum(d.credits::numeric - d.debits), 0) as net, coalesce(sum(d.events), 0) as events, max(d.last_version) as last
                from {Day} d, cut where d.account = $1 and d.chunk < cut.chunk and d.effective_to < $2),
            rows as (
                select e.amount, e.version from {Day} d cross join cut join {Entry} e on e.account = $1
                    and e.version > d.chunk::bigint * {EntriesModel.Chunk} and e.version <= (d.chunk + 1)::bigint * {EntriesModel.Chunk}
                where d.account = $1 and d.chunk < cut.chunk and d.effective_from <= $2 and d.effective_to >= $2
                    and (e.effective_at at time zone 'UTC')::date = d.day and (e.effective_at, e.effective_tick) <= ($2, $4)
                union all
                select e.amount, e.version from cut join {Entry} e on e.account = $1
                    and e.version > cut.chunk::bigint * {EntriesModel.Chunk} and e.version <= (cut.chunk + 1)::bigint * {EntriesModel.Chunk}
                where e.recorded_at <= $3 and (e.effective_at, e.effective_tick) <= ($2, $4)),
            part as (select coalesce(sum(amount), 0) as net, count(*) as events, max(version) as last from rows)
        select reach.version, (whole.net + part.net)::bigint, (whole.events + part.events)::int, greatest(whole.last, part.last, 0),
            coalesce((select overdraft_limit from {Entry} where account = $1 and overdraft_limit is not null
                and (effective_at, effective_tick) <= ($2, $4) and recorded_at <= $3
                order by version desc limit 1), 0)
        from reach, whole, part
        """;

    private const string AtAVersion =
        $"""
        with reach as (select version, balance from {Entry} where account = $1 and version <= $2 order by version desc limit 1)
        select version, balance, version::int, version,
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
        Account account, string sql, long upTo, DateTimeOffset effectiveAt, DateTimeOffset knownAt, CancellationToken ct, params object[] values)
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
            ? (rows.GetInt64(0), rows.GetInt64(3), new BalanceAt(
                new(rows.GetInt64(1), account.Currency), new(rows.GetInt64(4), account.Currency), null, rows.GetInt32(2)))
            : (0, 0, BalanceAt.Nothing(account.Currency));
    }
}
