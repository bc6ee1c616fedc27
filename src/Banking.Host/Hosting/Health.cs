using Banking.Platform;
using Banking.Platform.EventSourcing;
using Banking.Platform.Http;
using Banking.Platform.ReadModels;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Npgsql;

namespace Banking.Host.Hosting;

/// <summary>
/// live: the process answers. ready: it can reach its ledger; "Degraded" where a read model stands still or is not what the log says, or
/// events do not reach a destination, which moves no money wrong but needs somebody to look (/ops/projections and /ops/outbox say what).
/// </summary>
internal static class Health
{
    private const string Ready = "ready";

    public static void AddBankHealth(this IServiceCollection services, IEnumerable<BankModule> modules)
    {
        var health = services.AddHealthChecks()
            .AddCheck<LedgerCheck>("ledger", tags: [Ready])
            .AddCheck<LogChecks>("log", tags: [Ready])
            .AddCheck<ReadModelHealth>("read-models", tags: [Ready]);
        foreach (var module in modules)
        {
            module.AddHealth(health, Ready);
        }
    }

    public static void MapHealth(this WebApplication app)
    {
        Map(app, "/health/live", _ => false);
        Map(app, "/health/ready", check => check.Tags.Contains(Ready));
    }

    // A probe asks how the host is, and not for a form: it is answered whatever it accepts.
    private static void Map(WebApplication app, string path, Func<HealthCheckRegistration, bool> which) =>
        app.MapHealthChecks(path, new() { Predicate = which })
            .WithMetadata(new HttpMethodMetadata([HttpMethods.Get]), new ServesAttribute())
            .AllowAnonymous();
}

internal sealed class LedgerCheck(NpgsqlDataSource source, SystemClock clock) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            await using var command = source.CreateCommand("select clock_timestamp()");
            command.CommandTimeout = 2;
            var sent = clock.Now;
            var theirs = (DateTime)(await command.ExecuteScalarAsync(cancellationToken))!;
            var skew = SystemClock.Skew(sent, new(theirs, TimeSpan.Zero), clock.Now);
            return skew.Duration() <= SystemClock.MaxSkew
                ? HealthCheckResult.Healthy()
                : HealthCheckResult.Unhealthy(new ClockSkewException(skew).Message);
        }
        catch (Exception failure) when (failure is NpgsqlException or TimeoutException)
        {
            return HealthCheckResult.Unhealthy("The ledger cannot be reached.", failure);
        }
    }
}
