using Banking.Platform;
using Banking.Platform.Commands;
using Banking.Platform.ReadModels;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Npgsql;

namespace Banking.Host.Hosting;

/// <summary>
/// What is wrong with the log as a whole. The sequence and the places at which publication is to begin are checked when a host starts; all
/// but these places whenever its health is asked for.
/// </summary>
internal sealed class LogChecks(
    IReadOnlyList<BankModule> modules, IServiceProvider services, NpgsqlDataSource source, TimeProvider clock, StorageTrouble trouble,
    ILogger<LogChecks> log) : IHealthCheck, IHostedService
{
    /// <summary>The look at the streams reads all of them: too much to be done when a host starts, or for each probe.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMinutes(5);

    private (long At, string? Sentence)? _future;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (await SequenceAsync(cancellationToken) is { } sentence)
        {
            log.LogError("{Sentence}", sentence);
        }

        var wrong = new List<string>();
        foreach (var module in modules)
        {
            wrong.AddRange(await module.StartProblemsAsync(services, cancellationToken));
        }

        StartupRules.Refuse(wrong);
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

            if (await SequenceAsync(cancellationToken) is { } behind)
            {
                return HealthCheckResult.Unhealthy(behind);
            }

            if (_future is not { } known || TimeProvider.System.GetElapsedTime(known.At) > Pause)
            {
                _future = (TimeProvider.System.GetTimestamp(), await FutureAsync(cancellationToken));
            }

            return _future.Value.Sentence is { } future ? HealthCheckResult.Degraded(future) : HealthCheckResult.Healthy();
        }
        catch (Exception failure) when (failure is NpgsqlException or TimeoutException)
        {
            // The ledger's own check says so.
            return HealthCheckResult.Unhealthy("The log could not be looked at.", failure);
        }
    }

    /// <summary>A sequence that was not restored with its table gives numbers that are taken: every command fails on them.</summary>
    private async Task<string?> SequenceAsync(CancellationToken ct)
    {
        await using var command = source.CreateCommand(
            $"select s.last_value, e.last from {PlatformModule.EventSchema}.mt_events_sequence s, " +
            $"(select coalesce(max(seq_id), 0) as last from {PlatformModule.EventSchema}.mt_events) e where s.last_value < e.last");
        await using var reader = await command.ExecuteReaderAsync(ct);
        return await reader.ReadAsync(ct)
            ? $"The sequence of events is at {reader.GetInt64(0)}, the log at {reader.GetInt64(1)}, so every command fails. "
                + $"A restore left the sequence behind: as the owner run select setval('{PlatformModule.EventSchema}.mt_events_sequence', {reader.GetInt64(1)}), then verify."
            : null;
    }

    /// <summary>What is recorded in the future stays at the end of its stream, and questions about now do not know of it.</summary>
    private async Task<string?> FutureAsync(CancellationToken ct)
    {
        var streams = await FutureStreams.FindAsync(source, clock.GetUtcNow(), ct);
        return streams is [var first, ..]
            ? $"{streams.Count} streams end in the future, the first is {first.Stream}, {first.Found}: a host's clock was wrong. verify lists them."
            : null;
    }
}
