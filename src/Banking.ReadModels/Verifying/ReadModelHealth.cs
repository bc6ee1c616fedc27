using Banking.ReadModels.Lags;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Banking.ReadModels.Verifying;

/// <summary>
/// Degraded while a read model is stalled or stored data differs from the log. The bank keeps working; an operator has to act.
/// </summary>
public sealed class ReadModelHealth(ReadModelLag lag, SentinelWatch sentinel) : IHealthCheck
{
    private const int MaxAlarms = 20;

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        string[] alarms =
        [
            .. lag.Current.Where(l => l.Stalled is not null).Select(l => $"{l.Model}: {l.Stalled}"),
            // Only the first alarms: /ops/projections lists all of them.
            .. sentinel.Current.Alarms().Take(MaxAlarms),
        ];
        return Task.FromResult(alarms.Length == 0 ? HealthCheckResult.Healthy() : HealthCheckResult.Degraded(string.Join("; ", alarms)));
    }
}
