using Banking.Accounts.Contracts;
using Banking.Accounts.Domain;
using Banking.EventStore.Storage;
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
        with reach as (select coalesce(max(version), 0) as version from {AccountsModule.Schema}.{EntriesModel.Entry} where account = $1),
            sums as (
                {Chunks.Sums("select version from reach", "day, credits, debits, movements", "day < $3")}
                union all
                select (effective_at at time zone 'UTC')::date, greatest(amount, 0), greatest(-amount, 0), movement::int
                from {AccountsModule.Schema}.{EntriesModel.Entry}
                where account = $1
                    and version > (select version from reach) / {Chunks.Size} * {Chunks.Size} and version <= (select version from reach))
        select greatest(day, $2::date - 1), sum(credits)::numeric, sum(debits)::numeric, sum(movements)::int, (select version from reach)
        from sums where day < $3 group by 1
        union all
        select '-infinity', 0, 0, 0, version from reach
        """;

    /// <summary>The sums of each day in a range. The key before the first day has the sums of all earlier days.</summary>
    public async Task<SortedDictionary<DateOnly, DaySums>> DaysAsync(Account account, DateOnly from, DateOnly before, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(account);
        var days = new SortedDictionary<DateOnly, DaySums>();
        var lastRow = 0L;
        foreach (var (day, sums, last) in await source.ListAsync(
            Days,
            [account.Id, from, before],
            row => (row.GetFieldValue<DateOnly>(0), new DaySums(row.GetDecimal(1), row.GetDecimal(2), row.GetInt32(3)), row.GetInt64(4)),
            ct))
        {
            lastRow = Math.Max(lastRow, last);
            if (sums.Movements > 0)
            {
                days[day] = sums;
            }
        }

        foreach (var e in await reader.EventsAsync(account.Id, 0, lastRow + 1, ct))
        {
            if (e.Data is IMovement movement && DateOnly.FromDateTime(movement.EffectiveAt.UtcDateTime) is var day && day < before)
            {
                day = day < from ? from.AddDays(-1) : day;
                days[day] = days.GetValueOrDefault(day).With(movement);
            }
        }

        return days;
    }
}
