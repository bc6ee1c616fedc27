using System.Diagnostics.Metrics;
using System.Globalization;
using Banking.Commands.Messages;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Npgsql;

namespace Banking.Host.Hosting;

/// <summary>
/// Degraded while work of the bank fails again and again, or has failed for good: a due command, such as a scheduled statement, or a
/// message of the bank to itself. No booking is wrong, but something that the bank owes is not done.
/// </summary>
internal sealed class FailedWorkHealth : IHealthCheck
{
    private readonly FailedWork _work;
    private FailedWorkCount? _last;

    public FailedWorkHealth(FailedWork work, IMeterFactory meters)
    {
        _work = work;
        meters.Create(HealthReports.MeterName).CreateObservableGauge(
            "banking.work.failed",
            Measure,
            null,
            "Due commands that fail again and again, and dead letters of the bank's own messages; 1,000 stands for 1,000 or more");
    }

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            var count = await _work.CountAsync(cancellationToken);
            Volatile.Write(ref _last, count);
            string[] wrong =
            [
                .. Describe("due commands that fail again and again", count.DueCommands, "platform.due"),
                .. Describe("messages of the bank that are dead letters", count.Messages, "wolverine.wolverine_dead_letters"),
            ];
            return wrong.Length == 0 ? HealthCheckResult.Healthy() : HealthCheckResult.Degraded(string.Join("; ", wrong));
        }
        catch (NpgsqlException failure)
        {
            // The database has its own health check.
            return HealthCheckResult.Degraded("Cannot read the failed work: the database is unavailable.", failure);
        }
    }

    private static IEnumerable<string> Describe(string what, long count, string table)
    {
        if (count > 0)
        {
            var more = count == FailedWorkCount.Max ? " or more" : "";
            yield return string.Create(CultureInfo.InvariantCulture, $"{what}: {count:N0}{more} ({table})");
        }
    }

    /// <summary>What the last probe saw.</summary>
    private IEnumerable<Measurement<long>> Measure() => Volatile.Read(ref _last) is { } last
        ?
        [
            new(last.DueCommands, new KeyValuePair<string, object?>("kind", "due")),
            new(last.Messages, new KeyValuePair<string, object?>("kind", "message")),
        ]
        : [];
}
