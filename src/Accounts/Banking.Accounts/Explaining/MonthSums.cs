using System.Numerics;
using Banking.Accounts.Contracts;
using Banking.Accounts.ReadModels;
using Banking.EventStore.Storage;
using Npgsql;
using NpgsqlTypes;

namespace Banking.Accounts.Explaining;

/// <summary>The sums per month that a balance is made of: from the sums of chunks, so that a long history costs little.</summary>
public sealed class MonthSums(NpgsqlDataSource source, AccountReader reader)
{
    private const string Entry = $"{AccountsModule.Schema}.{EntriesModel.Entry}";

    private static readonly string Sql =
        $"""
        with last as (select coalesce(max(version), 0) as version from {Entry} where account = $1),
            known as (select least(version, $3::bigint) as version from last),
            parts as ({MomentParts.Of(
                "day, credits, debits, movements",
                "(e.effective_at at time zone 'UTC')::date, greatest(e.amount, 0), greatest(-e.amount, 0), e.movement::int",
                "{day} >= $5 and {day} < $6")})
        select date_trunc('month', day::timestamp)::date, sum(credits)::numeric, sum(debits)::numeric, sum(movements)::bigint,
            (select version from last)
        from parts group by 1
        union all
        select '-infinity', 0, 0, 0, version from last
        """;

    /// <summary>The sums of each month with movements; the key is the first day of the month.</summary>
    internal async Task<SortedDictionary<DateOnly, GroupSums>> ReadAsync(ExplanationQuery query, CancellationToken ct)
    {
        var (account, counted) = (query.Account, query.Counted);
        var rows = await source.ListAsync(
            Sql,
            [
                account.Id, EntryRow.MicrosecondOf(counted.EffectiveAt), counted.Version, EntryRow.TickOf(counted.EffectiveAt),
                NpgsqlDbType.Date.Of(query.From ?? DateOnly.MinValue), NpgsqlDbType.Date.Of(query.To ?? DateOnly.MaxValue),
            ],
            row => (
                Month: row.GetFieldValue<DateOnly>(0),
                Sums: new GroupSums(
                    (Int128)row.GetFieldValue<BigInteger>(1), (Int128)row.GetFieldValue<BigInteger>(2), row.GetInt64(3)),
                Last: row.GetInt64(4)),
            ct);
        var months = new SortedDictionary<DateOnly, GroupSums>(
            rows.Where(r => r.Sums.Movements > 0).ToDictionary(r => r.Month, r => r.Sums));
        var last = rows[0].Last;
        foreach (var e in last >= counted.Version ? [] : await reader.EventsAsync(account.Id, counted.Version, last + 1, ct))
        {
            if (e.Data is IMovement movement && movement.EffectiveAt >= query.Start && movement.EffectiveAt < query.End)
            {
                var day = DateOnly.FromDateTime(movement.EffectiveAt.UtcDateTime);
                var month = new DateOnly(day.Year, day.Month, 1);
                months[month] = months.GetValueOrDefault(month).With(movement.SignedAmount.Minor);
            }
        }

        return months;
    }
}
