using Banking.Accounts.Domain;
using Banking.EventStore.Storage;
using JasperFx.Events;
using Npgsql;

namespace Banking.Accounts.ReadModels;

/// <summary>The newest events of one account by effective time, however long its history.</summary>
public sealed class NewestEvents(NpgsqlDataSource source, EffectiveEvents effective)
{
    private const string Entry = $"{AccountsModule.Schema}.{EntriesModel.Entry}";
    private const string Day = $"{AccountsModule.Schema}.{EntriesModel.Day}";

    /// <summary>
    /// The place of the event before the newest events. The chunks that begin last have enough events; so no chunk that ends before their
    /// begin can have one of them.
    /// </summary>
    private static readonly string Sql =
        $"""
        with bound as (select least(coalesce(max(version), 0), $6::bigint) as version from {Entry} where account = $1),
        whole as (
            select d.chunk::bigint as chunk, d.events, d.effective_from, d.effective_to from {Day} d
            where d.account = $1 and d.level = 0 and d.chunk < (select version from bound) / {Chunks.Size}
                and d.day >= ($2::timestamptz at time zone 'UTC')::date and d.day <= ($4::timestamptz at time zone 'UTC')::date
                and d.effective_to >= $2 and d.effective_from <= $4),
        cut as (
            select coalesce(max(effective_from) filter (where total > $7), '-infinity') as at
            from (select effective_from, sum(events) over (order by effective_from desc, chunk) as total
                from whole where effective_to < $4) t),
        candidate as (
            select e.effective_at, e.effective_tick, e.version
            from (select distinct chunk from whole where effective_to >= (select at from cut)) c
            join {Entry} e on e.account = $1
                and e.version > c.chunk * {Chunks.Size} and e.version <= (c.chunk + 1) * {Chunks.Size}
            union all
            select e.effective_at, e.effective_tick, e.version from {Entry} e
            where e.account = $1 and e.version > (select version from bound) / {Chunks.Size} * {Chunks.Size}
                and e.version <= (select version from bound))
        select effective_at, effective_tick, version from candidate
        where (effective_at, effective_tick) >= ($2, $3) and (effective_at, effective_tick) < ($4, $5)
        order by effective_at desc, effective_tick desc, version desc offset $7 limit 1
        """;

    /// <summary>The newest events of a period, in the order of their effective times.</summary>
    /// <param name="before">The end of the period, exclusive.</param>
    /// <param name="version">The version up to which the account's events count.</param>
    public async Task<IReadOnlyList<IEvent>> ReadAsync(
        Account account, DateTimeOffset start, DateTimeOffset before, long version, int newest, CancellationToken ct)
    {
        var found = await source.ListAsync(
            Sql,
            [
                account.Id, EntryRow.MicrosecondOf(start), EntryRow.TickOf(start), EntryRow.MicrosecondOf(before),
                EntryRow.TickOf(before), version, newest,
            ],
            row => new EffectivePlace(row.GetFieldValue<DateTimeOffset>(0).AddTicks(row.GetInt16(1)), row.GetInt64(2)),
            ct);
        var page = await effective.ReadAsync(
            account, found is [var place] ? place : new(start, 0), before, version, int.MaxValue, ct);
        // The page has those too that the read model does not have yet.
        return [.. page.Events.TakeLast(newest)];
    }
}
