using System.Numerics;
using Banking.Accounts.Contracts;
using Banking.Accounts.Domain;
using Banking.EventStore.Log;
using Banking.EventStore.Storage;
using Banking.EventStore.Streams;
using Banking.SharedKernel;
using JasperFx.Events;
using Npgsql;

namespace Banking.Accounts.ReadModels;

/// <summary>A place in the order of effective times; events of one instant are in the order of their versions.</summary>
public readonly record struct EffectivePlace(DateTimeOffset EffectiveAt, long Version) : IComparable<EffectivePlace>
{
    public static EffectivePlace Of(IEvent e) => new(e.AccountEvent().EffectiveAt, e.Version);

    public int CompareTo(EffectivePlace other) =>
        EffectiveAt == other.EffectiveAt ? Version.CompareTo(other.Version) : EffectiveAt.CompareTo(other.EffectiveAt);

    public static bool operator <(EffectivePlace left, EffectivePlace right) => left.CompareTo(right) < 0;

    public static bool operator >(EffectivePlace left, EffectivePlace right) => left.CompareTo(right) > 0;

    public static bool operator <=(EffectivePlace left, EffectivePlace right) => left.CompareTo(right) <= 0;

    public static bool operator >=(EffectivePlace left, EffectivePlace right) => left.CompareTo(right) >= 0;
}

/// <summary>Events in the order of their effective times, and the balance before them.</summary>
public sealed record EffectivePage(MoneySum Opening, IReadOnlyList<IEvent> Events);

/// <summary>
/// The events of one account in the order of their effective times, of those up to a version. Like <see cref="HistoricalBalances"/> it
/// reads the rows of the read model by <see cref="Chunks"/>, and the events that the read model does not have yet. A page reads only the
/// chunks that its events may be in.
/// </summary>
public sealed class EffectiveEvents(NpgsqlDataSource source, EventReader events, AccountReader reader, HistoricalBalances balances)
{
    private const string Entry = $"{AccountsModule.Schema}.{EntriesModel.Entry}";
    private const string Day = $"{AccountsModule.Schema}.{EntriesModel.Day}";

    /// <summary>
    /// The first row has the last version of the read model and the sum of the events at the instant of the place, up to it; the others
    /// have the positions of the events. The chunks that end first have enough events for the page; so no chunk that begins after their end
    /// can have an event of it.
    /// </summary>
    private static readonly string Sql =
        $"""
        with bound as (
            select last, least(last, $7::bigint) as version
            from (select coalesce(max(version), 0) as last from {Entry} where account = $1) l),
        whole as (
            select d.chunk::bigint as chunk, d.events, d.effective_from, d.effective_to from {Day} d
            where d.account = $1 and d.level = 0 and d.chunk < (select version from bound) / {Chunks.Size}
                and d.day >= ($2::timestamptz at time zone 'UTC')::date and d.day <= ($5::timestamptz at time zone 'UTC')::date
                and d.effective_to >= $2 and d.effective_from <= $5),
        cut as (
            select coalesce(min(effective_to) filter (where total >= $8), 'infinity') as at
            from (select effective_to, sum(events) over (order by effective_to, chunk) as total
                from whole where effective_from > $2) t),
        candidate as (
            select e.* from (select distinct chunk from whole where effective_from <= (select at from cut)) c
            join {Entry} e on e.account = $1
                and e.version > c.chunk * {Chunks.Size} and e.version <= (c.chunk + 1) * {Chunks.Size}
            union all
            select e.* from {Entry} e
            where e.account = $1 and e.version > (select version from bound) / {Chunks.Size} * {Chunks.Size}
                and e.version <= (select version from bound)),
        found as (
            select position, version, amount, effective_at, effective_tick,
                (effective_at, effective_tick, version) > ($2, $3, $4::bigint) as is_after
            from candidate
            where (effective_at, effective_tick) >= ($2, $3) and (effective_at, effective_tick) < ($5, $6))
        select last, (select coalesce(sum(amount), 0)::numeric from found where not is_after) from bound
        union all
        (select position, null from found where is_after order by effective_at, effective_tick, version limit $8)
        """;

    /// <summary>The next events after a place.</summary>
    /// <param name="before">The end of the period, exclusive.</param>
    /// <param name="version">The version up to which the account's events count.</param>
    public async Task<EffectivePage> ReadAsync(
        Account account, EffectivePlace after, DateTimeOffset before, long version, int limit, CancellationToken ct)
    {
        var start = after.EffectiveAt;
        var rows = await source.ListAsync(
            Sql,
            [
                account.Id, EntryRow.MicrosecondOf(start), EntryRow.TickOf(start), after.Version, EntryRow.MicrosecondOf(before),
                EntryRow.TickOf(before), version, limit,
            ],
            row => (First: row.GetInt64(0), Net: row.GetOrDefault<BigInteger?>(1)),
            ct);
        var (last, net) = rows[0];
        var opening = (await balances.AtAsync(account, start.AddTicks(-1), version, ct)).Balance
            + new MoneySum((Int128)net!.Value, account.Currency);
        IReadOnlyList<IEvent> old = rows.Count == 1 ? [] : await events.AtAsync([.. rows.Skip(1).Select(r => r.First)], ct);
        IReadOnlyList<IEvent> newer = last >= version ? [] : await reader.EventsAsync(account.Id, version, last + 1, ct);
        foreach (var e in newer.Where(e => e.AccountEvent().EffectiveAt == start && e.Version <= after.Version))
        {
            opening = e.Data is IMovement movement ? StreamFold.Apply(e, () => opening + movement.SignedAmount) : opening;
        }

        return new(
            opening,
            [
                .. old.Concat(newer.Where(e => EffectivePlace.Of(e) > after && e.AccountEvent().EffectiveAt < before))
                    .OrderBy(EffectivePlace.Of).Take(limit),
            ]);
    }
}
