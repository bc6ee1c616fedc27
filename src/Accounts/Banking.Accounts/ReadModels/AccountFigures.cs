using Banking.Accounts.Contracts;
using Banking.Accounts.Domain;
using Banking.EventStore.Storage;
using Npgsql;

namespace Banking.Accounts.ReadModels;

/// <summary>
/// The sums of the movements that took effect on a day or in a month, in minor units. Decimal, because a month of largest amounts exceeds
/// 64 bits.
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
/// Sums of one account by the days or months of a time zone: from its chunk sums, the rows after the last whole chunk, and the events after
/// the last row.
/// </summary>
public sealed class AccountFigures(NpgsqlDataSource source, AccountReader reader)
{
    private const string Entry = $"{AccountsModule.Schema}.{EntriesModel.Entry}";
    private const string Day = $"{AccountsModule.Schema}.{EntriesModel.Day}";

    /// <summary>The version up to which rows count, without a day, and the first days of UTC in a range that have events.</summary>
    private static readonly string Days =
        $"""
        with reach as (select least(coalesce(max(version), 0), $5::bigint) as version from {Entry} where account = $1),
            days as (
                (select distinct day from {Day}
                where account = $1 and level = 0 and day >= $2 and day < $3 and chunk < (select version from reach) / {Chunks.Size}
                order by day limit $4)
                union
                select (effective_at at time zone 'UTC')::date from {Entry}
                where account = $1
                    and version > (select version from reach) / {Chunks.Size} * {Chunks.Size} and version <= (select version from reach))
        select null::date, version from reach
        union all
        (select day, null from days where day >= $2 and day < $3 order by day limit $4)
        """;

    /// <summary>
    /// The sums of the events up to version $2 between the bounds $3: 0 is the number of the period before the first bound. Chunks have
    /// sums by days of UTC. So the chunks of a day with a bound in it are read at the lowest level, and the entries of those that have
    /// events on both sides of the bound.
    /// </summary>
    private static readonly string Sums =
        $"""
        with divided as (
                select chunk, width_bucket(effective_from, $3) as first, width_bucket(effective_to, $3) as last, credits, debits, movements
                from {Day}
                where account = $1 and level = 0 and chunk < $2::bigint / {Chunks.Size} and not {IsInOnePeriod("day")}
                    and day >= ($3[1] at time zone 'UTC')::date and day <= ($3[cardinality($3)] at time zone 'UTC')::date),
            mixed as (select distinct chunk::bigint as chunk from divided where first <> last),
            sums as (
                {Chunks.Sums(
                    "$2::bigint",
                    $"{PeriodOf("day")} as period, credits, debits, movements",
                    $"day <= ($3[cardinality($3)] at time zone 'UTC')::date and {IsInOnePeriod("day")}")}
                union all
                select first, credits, debits, movements from divided where chunk not in (select chunk from mixed)
                union all
                select width_bucket(e.effective_at, $3), greatest(e.amount, 0), greatest(-e.amount, 0), e.movement::int
                from mixed c
                join {Entry} e on e.account = $1
                    and e.version > c.chunk * {Chunks.Size} and e.version <= (c.chunk + 1) * {Chunks.Size}
                where not {IsInOnePeriod("(e.effective_at at time zone 'UTC')::date")}
                union all
                select width_bucket(effective_at, $3), greatest(amount, 0), greatest(-amount, 0), movement::int
                from {Entry} where account = $1 and version > $2::bigint / {Chunks.Size} * {Chunks.Size} and version <= $2)
        select period, sum(credits)::numeric, sum(debits)::numeric, sum(movements)::int
        from sums where period < cardinality($3) group by 1 having sum(movements) > 0
        """;

    /// <summary>
    /// The sums of the first periods in a range that have movements, at least <paramref name="count"/> if there are as many. The key is the
    /// first day of the range in a period; the key before the first day has the sums of all earlier days.
    /// </summary>
    /// <param name="byMonth">Whether a period is a month; otherwise it is a day.</param>
    /// <param name="upTo">The version up to which the account's events count.</param>
    public async Task<SortedDictionary<DateOnly, DaySums>> ReadAsync(
        Account account, DateOnly from, DateOnly before, bool byMonth, string zone, long upTo, int count, CancellationToken ct)
    {
        if (from >= before)
        {
            return [];
        }

        var range = new FigurePeriods(from, before, byMonth, zone);
        var enough = range.DaysOf(count);
        var found = await source.ListAsync(
            Days,
            [account.Id, from.AddDays(-1), before == DateOnly.MaxValue ? before : before.AddDays(1), enough, upTo],
            row => (Day: row.GetOrDefault<DateOnly?>(0), Version: row.GetOrDefault<long?>(1)),
            ct);
        var version = found.Single(f => f.Day is null).Version!.Value;
        DateOnly[] days = [.. found.Select(f => f.Day).OfType<DateOnly>().Order()];
        // After the last of enough days there may be more in its period.
        var end = days.Length == enough ? range.FirstOfUtc(days[^1]) : before;
        var bounds = range.Bounds(days, end);
        var periods = new SortedDictionary<DateOnly, DaySums>();
        foreach (var (period, sums) in await source.ListAsync(
            Sums,
            [account.Id, version, bounds.Select(d => range.StartOf(d).UtcDateTime).ToArray()],
            row => (row.GetInt32(0), new DaySums(row.GetDecimal(1), row.GetDecimal(2), row.GetInt32(3))),
            ct))
        {
            periods[period == 0 ? range.Earlier : bounds[period - 1]] = sums;
        }

        foreach (var e in version >= upTo ? [] : await reader.EventsAsync(account.Id, upTo, version + 1, ct))
        {
            if (e.Data is IMovement movement && movement.EffectiveAt < range.StartOf(end))
            {
                var period = range.FirstOf(movement.EffectiveAt);
                periods[period] = periods.GetValueOrDefault(period).With(movement);
            }
        }

        return periods;
    }

    private static string PeriodOf(string day) => $"width_bucket(({day})::timestamp at time zone 'UTC', $3)";

    /// <summary>Whether a day of UTC has no bound after its first instant.</summary>
    private static string IsInOnePeriod(string day) =>
        $"({PeriodOf(day)} = width_bucket((({day}) + 1)::timestamp at time zone 'UTC' - interval '1 microsecond', $3))";
}
