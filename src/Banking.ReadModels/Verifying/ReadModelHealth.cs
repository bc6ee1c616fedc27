using Banking.ReadModels.Lags;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Banking.ReadModels.Verifying;

/// <summary>
/// Degraded while a read model stands still or says something else than the log: the bank goes on, and somebody has to look.
/// </summary>
public sealed class ReadModelHealth(ReadModelLag lag, SentinelWatch sentinel) : IHealthCheck
{
    private const int MaxAlarms = 20;

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        string[] wrong =
        [
            .. lag.Current.Where(l => l.Stalled is not null).Select(l => $"{l.Model}: {l.Stalled}"),
            // The first few: /ops/projections lists them all.
            .. sentinel.Current.Alarms().Take(MaxAlarms),
        ];
        return Task.FromResult(wrong.Length == 0 ? HealthCheckResult.Healthy() : HealthCheckResult.Degraded(string.Join("; ", wrong)));
    }
}
