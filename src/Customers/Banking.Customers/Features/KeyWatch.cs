using Banking.EventStore.Keys;
using Banking.EventStore.Log;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Banking.Customers.Features;

/// <summary>
/// Checks at start and then every half a minute that the stored keys can be unwrapped, and wraps what the newest key outside the
/// database does not wrap: after a rotation, and when a host of an earlier version, or a restore, stored unwrapped keys.
/// </summary>
public sealed class KeyWatch(
    CheckedWrapping wrapping, IEnumerable<IRewrapping> modules, ILogger<KeyWatch> logger) : BackgroundService
{
    private const string Missing =
        "Some personal data of customers or counterparties cannot be shown, and no more can be stored: restore the key ring. The log has "
            + "the details.";

    private const string Damaged =
        "Some stored keys are damaged, so personal data under them cannot be shown: verify names them. Other data is not affected.";

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(30);

    private string? _details;

    /// <summary>Why some personal data cannot be shown or stored; null if all can. Only the log has the details.</summary>
    public string? Problem { get; private set; }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => PeriodicLoop.RunAsync(
        Interval,
        LookAsync,
        failure => logger.LogWarning(failure, "Cannot check the stored keys; trying again in {Interval}", Interval),
        stoppingToken,
        atOnce: true);

    internal async Task LookAsync(CancellationToken ct)
    {
        var missing = await wrapping.FindMissingAsync(ct);
        if (missing.Count > 0)
        {
            Report(Missing, string.Join(" ", missing.Select(m => m.Message)));
            return;
        }

        string newest;
        try
        {
            newest = (await wrapping.WrapAsync([0], ct)).By;
        }
        catch (KeyUnavailableException failure)
        {
            Report(Missing, failure.Message);
            return;
        }

        var damaged = 0;
        foreach (var rewrapping in modules)
        {
            damaged += await rewrapping.RunAsync(newest, ct);
        }

        Report(damaged > 0 ? Damaged : null, damaged > 0 ? $"{damaged} stored keys." : "");
    }

    private void Report(string? problem, string details)
    {
        if (problem is not null && (problem, details) != (Problem, _details))
        {
            logger.LogCritical("{Problem} {Details}", problem, details);
        }

        (Problem, _details) = (problem, details);
    }
}

/// <summary>Degraded while stored keys cannot be unwrapped: money is safe, but an operator must restore the key ring.</summary>
public sealed class KeyHealth(KeyWatch watch) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(watch.Problem is { } problem ? HealthCheckResult.Degraded(problem) : HealthCheckResult.Healthy());
}
