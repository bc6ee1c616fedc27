using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Banking.Incoming.Listening;

/// <summary>
/// Degraded while a queue cannot be read, or its messages cannot be decided: they wait at the broker. Anyone may read health, so the reason
/// is only in the log and in /ops/incoming.
/// </summary>
internal sealed class ListenerHealth(ListenerStates states) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        string[] wrong =
        [
            .. states.All.Where(s => s.Reason is not null)
                .Select(s => $"{s.Queue.Name}: messages cannot be {(s.Name == ListenerState.Waiting ? "decided" : "taken")} now"),
        ];
        return Task.FromResult(wrong.Length == 0 ? HealthCheckResult.Healthy() : HealthCheckResult.Degraded(string.Join("; ", wrong)));
    }
}
