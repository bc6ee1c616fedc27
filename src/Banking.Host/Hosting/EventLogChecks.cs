using Banking.EventStore.Storage;
using Banking.ReadModels.Comparing;
using Banking.Web;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Npgsql;

namespace Banking.Host.Hosting;

/// <summary>
/// Checks of the event log as a whole. At start they cover the sequence and the configured start positions of publication. A health
/// request covers the sequence, storage problems and events recorded in the future.
/// </summary>
internal sealed class EventLogChecks(
    IReadOnlyList<BankModule> modules, IServiceProvider services, NpgsqlDataSource source, TimeProvider clock, StorageHealth trouble,
    ILogger<EventLogChecks> log) : IHealthCheck, IHostedService
{
    /// <summary>The check for future events reads all streams, which is too slow for a host's start and for each probe.</summary>
    private static readonly TimeSpan FutureCheckInterval = TimeSpan.FromMinutes(5);

    private (long At, string? Problem)? _future;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (await FindSequenceProblemAsync(cancellationToken) is { } problem)
        {
            log.LogError("{Problem}", problem);
        }

        var problems = new List<string>();
        foreach (var module in modules)
        {
            problems.AddRange(await module.StartProblemsAsync(services, cancellationToken));
        }

        SettingRules.ThrowIfAny(problems);
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            if (trouble.Reason is { } reason)
            {
                return HealthCheckResult.Unhealthy($"Commands cannot be stored: {reason}");
            }

            if (await FindSequenceProblemAsync(cancellationToken) is { } problem)
            {
                return HealthCheckResult.Unhealthy(problem);
            }

            if (_future is not { } last || TimeProvider.System.GetElapsedTime(last.At) > FutureCheckInterval)
            {
                _future = (TimeProvider.System.GetTimestamp(), await FindFutureEventsAsync(cancellationToken));
            }

            return _future.Value.Problem is { } future ? HealthCheckResult.Degraded(future) : HealthCheckResult.Healthy();
        }
        catch (Exception failure) when (failure is NpgsqlException or TimeoutException)
        {
            return HealthCheckResult.Unhealthy("The event log cannot be read.", failure);
        }
    }

    /// <summary>A sequence that was not restored together with its table gives out used numbers, and every command fails.</summary>
    private async Task<string?> FindSequenceProblemAsync(CancellationToken ct)
    {
        var behind = await source.ListAsync(
            $"""
            select s.last_value, e.last from {SchemaNames.Events}.mt_events_sequence s,
                (select coalesce(max(seq_id), 0) as last from {SchemaNames.Events}.mt_events) e where s.last_value < e.last
            """,
            [],
            row => (Sequence: row.GetInt64(0), Log: row.GetInt64(1)),
            ct);
        return behind is [var (sequence, last)]
            ? $"The sequence of events is at {sequence}, the log at {last}, so every command fails. "
                + "A restore did not include the sequence. As the owner run "
                + $"select setval('{SchemaNames.Events}.mt_events_sequence', {last}), then verify."
            : null;
    }

    /// <summary>An event recorded in the future is missing from answers about the present until its time comes.</summary>
    private async Task<string?> FindFutureEventsAsync(CancellationToken ct)
    {
        var streams = await FutureStreams.FindAsync(source, clock.GetUtcNow(), ct);
        return streams is [var first, ..]
            ? $"{streams.Count} streams end in the future, because a host's clock was wrong. "
                + $"The first is {first.Stream}, {first.Found}. verify lists them."
            : null;
    }
}
