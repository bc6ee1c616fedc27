using Banking.EventStore.Storage;
using Banking.SharedKernel;
using Banking.Web.Http;
using Npgsql;
using NpgsqlTypes;

namespace Banking.Accounts.ReadModels;

/// <summary>The events of one kind that the bank recorded on a day in one currency.</summary>
internal readonly record struct BankFigure(DateOnly RecordedOn, Currency Currency, EntryKind Kind, long Events, decimal Amount);

/// <summary>The figures of the bank by the days of a time zone: sums over <see cref="DayFigures"/>.</summary>
public sealed class BankFigures(NpgsqlDataSource source)
{
    private const string Table = $"{AccountsModule.Schema}.{EntriesModel.BankDay}";
    private const string IsWanted = "recorded_on >= $1 and recorded_on < $2 and ($3::text is null or currency = $3)";

    private const string RecordedDays =
        $"select distinct recorded_on from {Table} where {IsWanted} order by recorded_on limit $4";

    /// <summary>A quarter of an hour belongs to the day of the last midnight in $4 at or before its start.</summary>
    private const string Sums =
        $"""
        select width_bucket({DayFigures.Start}, $4::timestamptz[]) as day, currency, scale, kind, sum(events)::bigint, sum(amount)
        from {Table} where {IsWanted} group by 1, 2, 3, 4 order by 1, 2, 3
        """;

    /// <summary>The figures of the first days of a period on which anything was recorded, in the order of days and currencies.</summary>
    /// <param name="limit">The number of days.</param>
    internal async Task<IReadOnlyList<BankFigure>> ReadAsync(Period period, string zone, int limit, CancellationToken ct)
    {
        // A day of a zone has parts of two days in UTC, and the first and the last of these may lie outside of the period.
        var currency = NpgsqlDbType.Text.Of(period.Currency);
        var (from, to) = (Add(period.From, -1), Add(period.To, 1));
        var recorded = await source.ListAsync(
            RecordedDays, [from, to, currency, (2 * limit) + 4], row => row.GetFieldValue<DateOnly>(0), ct);
        if (recorded.Count == 0)
        {
            return [];
        }

        var (first, last) = (recorded[0].AddDays(-1), recorded[^1].AddDays(2));
        DateOnly[] days = [.. Enumerable.Range(0, last.DayNumber - first.DayNumber + 1).Select(first.AddDays)];
        var midnights = days.Select(d => LocalDay.StartOf(d, zone)!.Value.UtcDateTime).ToArray();
        var figures = await source.ListAsync(
            Sums,
            [recorded[0], recorded[^1].AddDays(1), NpgsqlDbType.Text.Of(period.Currency), midnights],
            row => new BankFigure(
                days[row.GetInt32(0) - 1],
                Currency.FromStored(row.GetString(1), row.GetInt16(2)),
                (EntryKind)row.GetInt16(3),
                row.GetInt64(4),
                row.GetDecimal(5)),
            ct);
        var wanted = figures.Where(f => f.RecordedOn >= period.From && f.RecordedOn < period.To).ToList();
        var shown = wanted.Select(f => f.RecordedOn).Distinct().Take(limit).ToHashSet();
        return [.. wanted.Where(f => shown.Contains(f.RecordedOn))];
    }

    /// <summary>DateOnly.MinValue and MaxValue mean no bound.</summary>
    private static DateOnly Add(DateOnly day, int days) => day == DateOnly.MinValue || day == DateOnly.MaxValue ? day : day.AddDays(days);
}
