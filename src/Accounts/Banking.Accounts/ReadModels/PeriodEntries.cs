using System.Numerics;
using Banking.Accounts.Contracts;
using Banking.Accounts.Domain;
using Banking.EventStore.Log;
using Banking.EventStore.Storage;
using Banking.EventStore.Streams;
using Banking.SharedKernel;
using JasperFx.Events;
using Npgsql;
using NpgsqlTypes;

namespace Banking.Accounts.ReadModels;

/// <summary>The movements of a period in the order of their effective times, and the balance before them.</summary>
public sealed record EntriesOfPeriod(MoneySum Opening, IReadOnlyList<IEvent> Movements);

/// <summary>
/// The movements of one account by effective day, of those up to a version. The answer is the same for ever, because later events have
/// higher versions. Like <see cref="HistoricalBalances"/> it reads the rows of the read model by <see cref="Chunks"/>, and the events that
/// the read model does not have yet.
/// </summary>
public sealed class PeriodEntries(NpgsqlDataSource source, EventReader events, AccountReader reader)
{
    private const string Entry = $"{AccountsModule.Schema}.{EntriesModel.Entry}";
    private const string Day = $"{AccountsModule.Schema}.{EntriesModel.Day}";
    private const string Known = "(select version from bound)";
    private const string IsInPeriod =
        "e.movement and e.effective_at >= (select starts from bound) and e.effective_at < (select ends from bound)";

    /// <summary>
    /// The first row has the opening balance and the last version of the read model, the others the positions of the movements. Chunks with
    /// an event in the period are read whole, and so are the rows after the last whole chunk.
    /// </summary>
    private static readonly string Sql =
        $"""
        with bound as (
            select last, least(last, $3) as version, $4::date::timestamp at time zone 'UTC' as starts,
                $5::date::timestamp at time zone 'UTC' as ends
            from (select coalesce(max(version), 0) as last from {Entry} where account = $1) l),
        opening as (
            {Chunks.Sums(Known, "credits - debits as net", "day < $4::date")}
            union all
            select e.amount from {Entry} e
            where e.account = $1 and e.version > {Known} / {Chunks.Size} * {Chunks.Size} and e.version <= {Known}
                and e.effective_at < (select starts from bound)),
        chunks as (
            select distinct d.chunk::bigint as chunk from {Day} d
            where d.account = $1 and d.level = 0 and d.day >= $4::date and d.day < $5::date
                and d.chunk >= $2::bigint / {Chunks.Size} and d.chunk < {Known} / {Chunks.Size}),
        found as (
            select e.position from chunks c join {Entry} e on e.account = $1
                and e.version > greatest(c.chunk * {Chunks.Size}, $2::bigint) and e.version <= (c.chunk + 1) * {Chunks.Size}
            where {IsInPeriod}
            union all
            select e.position from {Entry} e
            where e.account = $1 and e.version > greatest({Known} / {Chunks.Size} * {Chunks.Size}, $2::bigint) and e.version <= {Known}
                and {IsInPeriod})
        select (select last from bound), (select coalesce(sum(net), 0)::numeric from opening)
        union all
        (select position, null from found limit $6)
        """;

    /// <summary>The movements that took effect on the days of a period.</summary>
    /// <param name="to">The day after the last.</param>
    /// <param name="version">The version up to which the account's events count.</param>
    /// <returns>Null if there are more than <paramref name="limit"/>.</returns>
    public Task<EntriesOfPeriod?> ReadAsync(Account account, DateOnly from, DateOnly to, long version, int limit, CancellationToken ct) =>
        ReadAsync(account, 0, version, from, to, limit, ct);

    /// <summary>The movements recorded after one version and up to another that took effect before a day.</summary>
    /// <returns>Null if there are more than <paramref name="limit"/>.</returns>
    public async Task<IReadOnlyList<IEvent>?> AddedAsync(
        Account account, long afterVersion, long version, DateOnly before, int limit, CancellationToken ct) =>
        (await ReadAsync(account, afterVersion, version, DateOnly.MinValue, before, limit, ct))?.Movements;

    private async Task<EntriesOfPeriod?> ReadAsync(
        Account account, long afterVersion, long version, DateOnly from, DateOnly to, int limit, CancellationToken ct)
    {
        var rows = await source.ListAsync(
            Sql,
            [account.Id, afterVersion, version, NpgsqlDbType.Date.Of(from), NpgsqlDbType.Date.Of(to), limit + 1],
            row => (First: row.GetInt64(0), Net: row.GetOrDefault<BigInteger?>(1)),
            ct);
        var (last, net) = rows[0];
        var opening = new MoneySum((Int128)net!.Value, account.Currency);
        if (rows.Count - 1 > limit)
        {
            return null;
        }

        IReadOnlyList<IEvent> old = rows.Count == 1 ? [] : await events.AtAsync([.. rows.Skip(1).Select(r => r.First)], ct);
        IReadOnlyList<IEvent> newer = last >= version ? [] : await reader.EventsAsync(account.Id, version, last + 1, ct);
        foreach (var e in newer.Where(e => e.Data is IMovement && DayOf(e) < from))
        {
            opening = StreamFold.Apply(e, () => opening + ((IMovement)e.Data).SignedAmount);
        }

        var movements = old
            .Concat(newer.Where(e => e.Version > afterVersion && e.Data is IMovement && DayOf(e) >= from && DayOf(e) < to))
            .OrderBy(e => e.AccountEvent().EffectiveAt)
            .ThenBy(e => e.Version)
            .ToList();
        return movements.Count > limit ? null : new(opening, movements);
    }

    private static DateOnly DayOf(IEvent e) => DateOnly.FromDateTime(e.AccountEvent().EffectiveAt.UtcDateTime);
}
