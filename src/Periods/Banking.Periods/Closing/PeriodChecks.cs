using System.Diagnostics;
using System.Globalization;
using Banking.Commands.Periods;
using Banking.EventStore.Log;
using Banking.EventStore.Storage;
using Banking.EventStore.Streams;
using Banking.Periods.Domain;
using Npgsql;

namespace Banking.Periods.Closing;

/// <summary>Runs the checks of a period that is to be closed, and reads its totals.</summary>
public sealed class PeriodChecks(
    IEnumerable<IPeriodCheck> checks, IPeriodTotals totals, OpenWriters writers, HighWaterMark highWaterMark, NpgsqlDataSource source)
{
    /// <summary>Recorded times of concurrent transactions are not in the order of positions, but differ by less than this.</summary>
    private static readonly TimeSpan Disorder = TimeSpan.FromMinutes(1);

    /// <summary>Shorter than commands wait for a lock, because bookings of the past wait meanwhile.</summary>
    private static readonly TimeSpan MaxLook = TimeSpan.FromSeconds(2);

    /// <summary>Commands take far less. Those that do not end in time are a finding of the check.</summary>
    private static readonly TimeSpan MaxWaitForWriters = TimeSpan.FromSeconds(20);

    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(20);

    private static readonly string FirstFrom =
        $"select seq_id, {StoredEvents.Time("timestamp")} from {SchemaNames.Events}.mt_events where seq_id >= $1 order by seq_id limit 1";

    private readonly IReadOnlyList<IPeriodCheck> _checks = [.. checks.OrderBy(c => c.Name, StringComparer.Ordinal)];

    /// <summary>Waits for the commands that may have begun in a period that has ended; returns how many did not end in time.</summary>
    internal Task<int> WaitForWritersAsync(CancellationToken ct) => writers.WaitAsync(MaxWaitForWriters, ct);

    /// <inheritdoc cref="ClosedPeriods.BlockBookingsAsync"/>
    internal Task<IAsyncDisposable> BlockBookingsAsync(CancellationToken ct) => ClosedPeriods.BlockBookingsAsync(source, ct);

    /// <param name="open">The number of commands that may have begun in the period and have not ended.</param>
    internal async Task<CheckedPeriod> RunAsync(Month month, int open, CancellationToken ct)
    {
        await highWaterMark.WaitUntilCompleteAsync(ct);
        var position = highWaterMark.Complete;
        var period = new ClosingPeriod(month.From, month.To, await LastRecordedAsync(month.End + Disorder, position, ct), position);
        List<PeriodCheckView> results = [PeriodCheckView.Of("open-commands", OfWriters(open))];
        foreach (var check in _checks)
        {
            results.Add(PeriodCheckView.Of(check.Name, await check.RunAsync(period, ct)));
        }

        await using var connection = await source.OpenConnectionAsync(ct);
        return new(position, period.LastRecorded, await totals.ReadAsync(connection, month.To.AddDays(-1), ct), results);
    }

    /// <summary>
    /// Reads what a booking in the period changes after its checks: the position of the log, and the totals. Called while such bookings
    /// wait, so it does nothing else. If the general ledger does not reach the position soon, it returns what was seen before.
    /// </summary>
    internal async Task<CheckedPeriod> LookAgainAsync(Month month, CheckedPeriod seen, CancellationToken ct)
    {
        await highWaterMark.WaitUntilCompleteAsync(ct);
        var position = highWaterMark.Complete;
        for (var look = Stopwatch.StartNew(); look.Elapsed < MaxLook;)
        {
            await using var connection = await source.OpenConnectionAsync(ct);
            if (await totals.PositionAsync(connection, ct) >= position)
            {
                return seen with { Position = position, Totals = await totals.ReadAsync(connection, month.To.AddDays(-1), ct) };
            }

            await Task.Delay(PollInterval, ct);
        }

        return seen;
    }

    private static PeriodCheckResult OfWriters(int open) => open == 0
        ? PeriodCheckResult.Of(true, "Every command that may have begun in the period has ended.")
        : PeriodCheckResult.Of(
            false, "Commands that may have begun in the period have not ended. GET /ops/outbox shows their sessions.",
            ("transactions", open.ToString(CultureInfo.InvariantCulture)));

    /// <summary>The last position before the first event recorded at or after an instant, by bisection.</summary>
    private async Task<long> LastRecordedAsync(DateTimeOffset instant, long end, CancellationToken ct)
    {
        var (before, from) = (0L, end + 1);
        while (from - before > 1)
        {
            var middle = before + ((from - before) / 2);
            var found = await source.ListAsync(
                FirstFrom, [middle], row => (Position: row.GetInt64(0), At: row.GetFieldValue<DateTimeOffset>(1)), ct);
            if (found is [var e] && e.At < instant && e.Position <= end)
            {
                before = e.Position;
            }
            else
            {
                from = middle;
            }
        }

        return before;
    }
}
