using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Banking.Accounts.Features;

/// <summary>Degraded while the sequence of account numbers is behind the accounts. The log says so when a host starts.</summary>
internal sealed class AccountNumberHealth(AccountNumberSequence numbers, ILogger<AccountNumberHealth> log) : IHealthCheck, IHostedService
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            return await numbers.FindProblemAsync(cancellationToken) is { } problem
                ? HealthCheckResult.Degraded(problem)
                : HealthCheckResult.Healthy();
        }
        catch (Exception failure) when (failure is NpgsqlException or TimeoutException)
        {
            return HealthCheckResult.Degraded("The account numbers cannot be read.", failure);
        }
    }

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (await numbers.FindProblemAsync(cancellationToken) is { } problem)
        {
            log.LogError("{Problem}", problem);
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
