using Banking.Accounts.Contracts;
using Banking.Accounts.Domain;
using Banking.EventStore.Storage;
using Banking.SharedKernel;
using JasperFx.Events;
using Npgsql;

namespace Banking.Accounts.ReadModels;

/// <summary>
/// The sums of the movements that took effect on one day, in minor units. Decimal, because a month of largest amounts exceeds 64 bits.
/// </summary>
public readonly record struct DaySums(decimal Credits, decimal Debits, int Movements)
{
    public DaySums With(IMovement movement)
    {
        decimal change = movement.SignedAmount.Minor;
        return new(Credits + Math.Max(change, 0), Debits + Math.Max(-change, 0), Movements + 1);
    }

    public DaySums With(DaySums other) =>
        new(Credits + other.Credits, Debits + other.Debits, Movements + other.Movements);
}

/// <summary>
/// Daily sums of one account: from its chunk sums, the rows after the last whole chunk, and the events after the last row.
/// </summary>
public sealed class AccountFigures(NpgsqlDataSource source, AccountReader reader)
{
    private static readonly string Days =
        $"""
        with last as (select coalesce(max(version), 0) as version from {AccountsModule.Schema}.{EntriesModel.Entry} where account = $1),
            reach as (select least(version, $4::bigint) as version from last),
            sums as (
                {Chunks.Sums("select version from reach", "day, credits, debits, movements", "day < $3")}
                union all
                select (effective_at at time zone 'UTC')::date, greatest(amount, 0), greatest(-amount, 0), movement::int
                from {AccountsModule.Schema}.{EntriesModel.Entry}
                where account = $1
                    and version > (select version from reach) / {Chunks.Size} * {Chunks.Size} and version <= (select version from reach))
        select greatest(day, $2::date - 1), sum(credits)::numeric, sum(debits)::numeric, sum(movements)::int, (select version from last)
        from sums where day < $3 group by 1
        union all
        select '-infinity', 0, 0, 0, version from last
        """;

    /// <summary>
    /// The sums of the rows before an instant, without a time, and the rows from it on and before another. Each has the last version of
    /// the read model.
    /// </summary>
    private const string Rows =
        $"""
        with reach as (
            select coalesce(max(version), 0) as version from {AccountsModule.Schema}.{EntriesModel.Entry} where account = $1)
        select null::timestamptz, coalesce(sum(greatest(amount, 0)), 0)::numeric, coalesce(sum(greatest(-amount, 0)), 0)::numeric,
            count(*)::int, (select version from reach)
        from {AccountsModule.Schema}.{EntriesModel.Entry}
        where account = $1 and movement and effective_at < $2 and effective_at < $3 and version <= $4
        union all
        select effective_at, greatest(amount, 0)::numeric, greatest(-amount, 0)::numeric, 1, (select version from reach)
        from {AccountsModule.Schema}.{EntriesModel.Entry}
        where account = $1 and movement and effective_at >= $2 and effective_at < $3 and version <= $4
        """;

    /// <summary>
    /// The sums of each day of a time zone in a range. The key before the first day has the sums of all earlier days.
    /// </summary>
    /// <param name="upTo">The version up to which the account's events count.</param>
    public Task<SortedDictionary<DateOnly, DaySums>> DaysAsync(
        Account account, DateOnly from, DateOnly before, string zone, long upTo, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(account);
        return zone == LocalDay.Utc ? DaysAsync(account, from, before, upTo, ct) : ZoneDaysAsync(account, from, before, zone, upTo, ct);
    }

    private async Task<SortedDictionary<DateOnly, DaySums>> DaysAsync(
        Account account, DateOnly from, DateOnly before, long upTo, CancellationToken ct)
    {
        var days = new SortedDictionary<DateOnly, DaySums>();
        var lastRow = 0L;
        foreach (var (day, sums, last) in await source.ListAsync(
            Days,
            [account.Id, from, before, upTo],
            row => (row.GetFieldValue<DateOnly>(0), new DaySums(row.GetDecimal(1), row.GetDecimal(2), row.GetInt32(3)), row.GetInt64(4)),
            ct))
        {
            lastRow = Math.Max(lastRow, last);
            if (sums.Movements > 0)
            {
                days[day] = sums;
            }
        }

        foreach (var e in await NewerAsync(account, lastRow, upTo, ct))
        {
            if (e.Data is IMovement movement && DateOnly.FromDateTime(movement.EffectiveAt.UtcDateTime) is var day && day < before)
            {
                day = day < from ? from.AddDays(-1) : day;
                days[day] = days.GetValueOrDefault(day).With(movement);
            }
        }

        return days;
    }

    /// <summary>The chunks are summed by the days of UTC, so the days of another zone are summed from the rows.</summary>
    private async Task<SortedDictionary<DateOnly, DaySums>> ZoneDaysAsync(
        Account account, DateOnly from, DateOnly before, string zone, long upTo, CancellationToken ct)
    {
        var days = new SortedDictionary<DateOnly, DaySums>();
        var (start, end) = (StartOf(from, zone), StartOf(before, zone));
        var rows = await source.ListAsync(
            Rows,
            [account.Id, start.UtcDateTime, end.UtcDateTime, upTo],
            row => (
                At: row.GetOrDefault<DateTime?>(0),
                Sums: new DaySums(row.GetDecimal(1), row.GetDecimal(2), row.GetInt32(3)),
                Last: row.GetInt64(4)),
            ct);
        var day = default(LocalDay);
        foreach (var (at, sums, _) in rows.Where(r => r.Sums.Movements > 0))
        {
            Add(at is { } instant ? new DateTimeOffset(instant, TimeSpan.Zero) : null, sums);
        }

        foreach (var e in await NewerAsync(account, rows[0].Last, upTo, ct))
        {
            if (e.Data is IMovement movement && movement.EffectiveAt < end)
            {
                Add(movement.EffectiveAt >= start ? movement.EffectiveAt : null, default(DaySums).With(movement));
            }
        }

        return days;

        void Add(DateTimeOffset? at, DaySums sums)
        {
            if (at is { } instant && (instant < day.From || instant >= day.To))
            {
                day = LocalDay.Of(instant, zone)!.Value;
            }

            var key = at is null ? from.AddDays(-1) : day.Date;
            days[key] = days.GetValueOrDefault(key).With(sums);
        }
    }

    private async Task<IReadOnlyList<IEvent>> NewerAsync(Account account, long last, long upTo, CancellationToken ct) =>
        last >= upTo ? [] : await reader.EventsAsync(account.Id, upTo, last + 1, ct);

    /// <summary>The first instant of a day. Days that no instant of this bank belongs to begin before or after all of them.</summary>
    private static DateTimeOffset StartOf(DateOnly day, string zone) =>
        LocalDay.StartOf(day, zone) ?? (day.Year == 1900 ? DateTimeOffset.MinValue : DateTimeOffset.MaxValue);
}
