using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Banking.Host.Security;

/// <summary>
/// Unhealthy while the issuer's keys are unknown, because no token can be checked. Degraded while they are known but cannot be fetched
/// again: the host still serves, and taking all hosts out of service would make it worse. The reason is in the log only, because anyone
/// may read health.
/// </summary>
internal sealed class IssuerHealth(IssuerKeys issuer) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult((issuer.Known, issuer.Failure) switch
        {
            (null, null) => HealthCheckResult.Unhealthy($"The keys of the issuer {issuer.Authority} have not been fetched yet."),
            (null, _) => HealthCheckResult.Unhealthy(
                $"The issuer {issuer.Authority} cannot be reached, so no token can be checked. The log says why."),
            (_, not null) => HealthCheckResult.Degraded(
                $"The issuer {issuer.Authority} cannot be reached. Tokens signed with known keys are still accepted. The log says why."),
            _ => HealthCheckResult.Healthy(),
        });
}
