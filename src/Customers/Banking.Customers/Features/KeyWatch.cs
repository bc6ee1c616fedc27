using Banking.EventStore.Keys;
using Banking.EventStore.Log;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Banking.Customers.Features;

/// <summary>
/// Checks at start and then every half a minute that the keys of customers can be unwrapped, and wraps them under the newest key outside
/// the database when that is a new one.
/// </summary>
public sealed class KeyWatch(
    CustomerKeys keys, IKeyWrapping wrapping, KeyRewrapping rewrapping, ILogger<KeyWatch> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(30);

    private string? _newest;

    /// <summary>Why personal data of some customers cannot be shown or stored; null if it can.</summary>
    public string? Problem { get; private set; }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await TryLookAsync(stoppingToken);
        await PeriodicLoop.RunAsync(Interval, LookAsync, LogFailure, stoppingToken);
    }

    internal async Task LookAsync(CancellationToken ct)
    {
        var problem = await FindProblemAsync(ct);
        if (problem is not null && problem != Problem)
        {
            logger.LogCritical("{Problem}", problem);
        }

        Problem = problem;
    }

    private async Task<string?> FindProblemAsync(CancellationToken ct)
    {
        string newest;
        try
        {
            newest = (await wrapping.WrapAsync([0], ct)).By;
        }
        catch (KeyUnavailableException failure)
        {
            return $"Keys of customers cannot be wrapped, so no customer can be registered. {failure.Message}";
        }

        var failures = new List<string>();
        foreach (var sample in await rewrapping.SamplesAsync(ct))
        {
            try
            {
                await keys.UnwrapAsync(sample, ct);
            }
            catch (KeyUnavailableException failure)
            {
                failures.Add(failure.Message);
            }
        }

        if (newest != _newest)
        {
            await rewrapping.RunAsync(newest, ct);
            _newest = newest;
        }

        return failures.Count == 0 ? null
            : "Personal data of customers cannot be shown, because their keys cannot be unwrapped: restore the key ring. "
                + string.Join(" ", failures);
    }

    private async Task TryLookAsync(CancellationToken ct)
    {
        try
        {
            await LookAsync(ct);
        }
        catch (Exception failure) when (!ct.IsCancellationRequested)
        {
            LogFailure(failure);
        }
    }

    private void LogFailure(Exception failure) =>
        logger.LogWarning(failure, "Cannot check the keys of customers; trying again in {Interval}", Interval);
}

/// <summary>Degraded while keys of customers cannot be unwrapped: money is safe, but an operator must restore the key ring.</summary>
public sealed class KeyHealth(KeyWatch watch) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(watch.Problem is { } problem ? HealthCheckResult.Degraded(problem) : HealthCheckResult.Healthy());
}
