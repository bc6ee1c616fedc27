using Banking.EventStore.Storage;
using Banking.Host.Security;
using Banking.ReadModels.Archiving;
using Banking.ReadModels.Verifying;
using Banking.Web;
using Banking.Web.Http;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Npgsql;

namespace Banking.Host.Hosting;

/// <summary>
/// live: the process answers. ready: the host reaches its database and knows the keys of its tokens' issuer. "Degraded": a read model is
/// paused or differs from the log, an archive file is missing, events do not reach a destination, work of the bank fails for good, or the
/// issuer cannot be reached. Money is safe then, but an operator must act (see /ops/projections and /ops/outbox).
/// </summary>
internal static class Health
{
    public const string ReadyTag = "ready";

    public static void AddBankHealth(this IServiceCollection services, IEnumerable<BankModule> modules)
    {
        var health = services.AddSingleton<HealthReports>().AddSingleton<FailedWorkHealth>().AddHealthChecks()
            .AddCheck<DatabaseHealthCheck>("database", tags: [ReadyTag])
            .AddCheck<EventLogChecks>("log", tags: [ReadyTag])
            .AddCheck<ReadModelHealth>("read-models", tags: [ReadyTag])
            .AddCheck<FailedWorkHealth>("work", tags: [ReadyTag])
            .AddCheck<ArchiveHealth>("event-archive", tags: [ReadyTag])
            .AddIssuer(services);
        foreach (var module in modules)
        {
            module.AddHealth(health, ReadyTag);
        }
    }

    /// <summary>Adds the check of the issuer of tokens, unless the bank issues them itself.</summary>
    public static IHealthChecksBuilder AddIssuer(this IHealthChecksBuilder health, IServiceCollection services) =>
        services.Any(s => s.ServiceType == typeof(IssuerKeys)) ? health.AddCheck<IssuerHealth>("identity", tags: [ReadyTag]) : health;

    public static void MapHealth(this WebApplication app)
    {
        Map(app, "/health/live", _ => false);
        Map(app, "/health/ready", check => check.Tags.Contains(ReadyTag));
    }

    // Probes send arbitrary Accept headers. They get an answer in any case.
    private static void Map(WebApplication app, string path, Func<HealthCheckRegistration, bool> predicate) =>
        app.MapHealthChecks(
                path, new() { Predicate = predicate, ResponseWriter = app.Services.GetRequiredService<HealthReports>().WriteAsync })
            .WithMetadata(new HttpMethodMetadata([HttpMethods.Get]), new ServesAttribute())
            .AllowAnonymous();
}

/// <summary>Checks that the database answers and that its clock agrees with the host's clock.</summary>
internal sealed class DatabaseHealthCheck(NpgsqlDataSource source, SystemClock clock) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            var sentAt = clock.Now;
            var serverTime = await source.ScalarAsync<DateTime>("select clock_timestamp()", [], cancellationToken, timeoutSeconds: 2);
            var skew = SystemClock.Skew(sentAt, new(serverTime, TimeSpan.Zero), clock.Now);
            return skew.Duration() <= SystemClock.MaxSkew
                ? HealthCheckResult.Healthy()
                : HealthCheckResult.Unhealthy(new ClockSkewException(skew).Message);
        }
        catch (Exception failure) when (failure is NpgsqlException or TimeoutException)
        {
            return HealthCheckResult.Unhealthy("The database is unreachable.", failure);
        }
    }
}
