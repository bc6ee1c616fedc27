using System.Globalization;
using Banking.Commands.Due;
using Banking.EventStore.Storage;
using Npgsql;

namespace Banking.Commands.Periods;

/// <summary>Checks that no command that was due in the period still waits, such as a scheduled statement.</summary>
internal sealed class DueCommandsCheck(NpgsqlDataSource source, TimeProvider clock) : IPeriodCheck
{
    /// <summary>Commands about the end of a period are due a little after it.</summary>
    private static readonly TimeSpan Margin = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(100);

    private const int MaxPolls = 20;

    public string Name => "due-commands";

    public async Task<PeriodCheckResult> RunAsync(ClosingPeriod period, CancellationToken ct)
    {
        var (end, now) = (period.End + Margin, clock.GetUtcNow());
        for (var poll = 1; ; poll++)
        {
            var waiting = await source.ListAsync(
                $"select operation, count(*) from {DueTable.Name} where due_at <= $1 group by 1 order by 1",
                [end < now ? end : now],
                row => (Operation: row.GetString(0), Count: row.GetInt64(1)),
                ct);
            if (waiting.Count == 0)
            {
                return PeriodCheckResult.Of(true, "No command that was due in the period waits.");
            }

            if (poll == MaxPolls)
            {
                return PeriodCheckResult.Of(
                    false, "Commands that were due in the period still wait.",
                    [.. waiting.Select(w => (w.Operation, w.Count.ToString(CultureInfo.InvariantCulture)))]);
            }

            await Task.Delay(PollInterval, ct);
        }
    }
}
