using Microsoft.Extensions.Diagnostics.HealthChecks;
using Npgsql;

namespace Banking.Host.Hosting;

/// <summary>live: the process answers. ready: it can reach its ledger.</summary>
internal static class Health
{
    private const string Ready = "ready";

    public static void AddBankHealth(this IServiceCollection services) => services.AddHealthChecks().AddCheck<LedgerCheck>("ledger", tags: [Ready]);

    public static void MapHealth(this WebApplication app)
    {
        app.MapHealthChecks("/health/live", new() { Predicate = _ => false }).AllowAnonymous();
        app.MapHealthChecks("/health/ready", new() { Predicate = check => check.Tags.Contains(Ready) }).AllowAnonymous();
    }
}

internal sealed class LedgerCheck(NpgsqlDataSource source) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            await using var command = source.CreateCommand("select 1");
            command.CommandTimeout = 2;
            await command.ExecuteScalarAsync(cancellationToken);
            return HealthCheckResult.Healthy();
        }
        catch (Exception failure) when (failure is NpgsqlException or TimeoutException)
        {
            return HealthCheckResult.Unhealthy("The ledger cannot be reached.", failure);
        }
    }
}
