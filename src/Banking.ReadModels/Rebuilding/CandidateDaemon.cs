using Banking.EventStore.Log;
using Banking.EventStore.Storage;
using Banking.ReadModels.Books;
using Banking.ReadModels.Documents;
using JasperFx;
using JasperFx.Events.Daemon;
using Marten.Events.Daemon;
using Marten.Storage;
using Microsoft.Extensions.Logging;

namespace Banking.ReadModels.Rebuilding;

/// <summary>
/// Projects the log into the documents of a candidate up to exactly the given positions, and shows the progress. Projections of
/// this bank have no side effects, so nothing is published.
/// </summary>
internal sealed class CandidateDaemon : IAsyncDisposable
{
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(5);

    private static readonly TimeSpan ReportInterval = TimeSpan.FromMilliseconds(500);

    private readonly CandidateStore _store;
    private readonly LockedCandidate _candidate;
    private readonly HighWaterMark _highWaterMark;
    private readonly ProjectionStates _states;
    private readonly TimeProvider _clock;
    private readonly MartenDatabase _database;
    private readonly HighWaterMarkDetector _detector;
    private readonly ProjectionDaemon _daemon;
    private ISubscriptionAgent? _agent;

    public CandidateDaemon(
        CandidateStore store, LockedCandidate candidate, ReadModelConnections connections, HighWaterMark highWaterMark,
        ProjectionStates states, TimeProvider clock, ILoggerFactory loggers)
    {
        (_store, _candidate, _highWaterMark, _states, _clock) = (store, candidate, highWaterMark, states, clock);
        _database = new(store.Store.Options, connections.Source, store.Model.Name);
        _detector = new(highWaterMark, _database.DatabaseUri);
        _daemon = new(store.Store, _database, loggers.CreateLogger<ProjectionDaemon>(), _detector);
    }

    /// <summary>The position of the last event that the candidate includes.</summary>
    public long Position => _agent?.Position ?? 0;

    /// <summary>Projects the events up to a position.</summary>
    /// <returns>False if the candidate was cancelled, or is paused before an event that cannot be projected.</returns>
    public async Task<bool> AdvanceAsync(long position, CancellationToken ct)
    {
        await _highWaterMark.LookAsync(ct);
        if (await _states.UnknownEventAsync(_store.Model, _detector.Checked, position, ct) is { } unknown)
        {
            await PauseAsync(unknown, UnknownEventTypeException.Sentence);
            return false;
        }

        _detector.Ceiling = _detector.Checked = position;
        if (!await ReportAsync(Position, position))
        {
            return false;
        }

        _agent ??= await _daemon.StartAgentAsync(_store.Model.Shard, ct);
        await _daemon.Tracker.MarkHighWaterAsync(position);
        var reportedAt = _clock.GetTimestamp();
        while (_agent.Status == AgentStatus.Running && _agent.Position < position)
        {
            await Task.Delay(Step, _clock, ct);
            if (_clock.GetElapsedTime(reportedAt) > ReportInterval)
            {
                reportedAt = _clock.GetTimestamp();
                if (!await ReportAsync(_agent.Position, position))
                {
                    return false;
                }
            }
        }

        return await ReportAsync(_agent.Position, position) && await IsRunningAsync();
    }

    /// <summary>Shows why the candidate is not built further.</summary>
    public Task PauseAsync(long? position, string reason) => ReadModelSchema.ExecuteAsync(
        _candidate.Connection,
        $"update {Generation.Table} set paused_at = $3, pause_reason = $4, pause_position = $5 where name = $1 and generation = $2",
        _candidate.Generation.Model, _candidate.Generation.Number, _clock.GetUtcNow(), reason, (object?)position ?? DBNull.Value);

    public async ValueTask DisposeAsync()
    {
        await _daemon.StopAllAsync();
        _daemon.Dispose();
        await _database.DisposeAsync();
    }

    /// <summary>Stores the progress; false if the candidate was cancelled.</summary>
    private async Task<bool> ReportAsync(long position, long target)
    {
        var changed = await _candidate.Connection.ExecuteAsync(
            $"""
            update {Generation.Table} set position = $3, target = $4, updated_at = $5,
                started_at = coalesce(started_at, $5), start_position = coalesce(start_position, 0)
            where name = $1 and generation = $2 and state = '{GenerationState.Building}'
            """,
            [_candidate.Generation.Model, _candidate.Generation.Number, position, target, _clock.GetUtcNow()],
            CancellationToken.None);
        return changed > 0;
    }

    private async Task<bool> IsRunningAsync()
    {
        if (_agent is { Status: AgentStatus.Running })
        {
            return true;
        }

        var failure = _agent!.Failure;
        if (failure is null or { IsTransient: true })
        {
            throw new InvalidOperationException(failure?.Message ?? $"The daemon of {_store.Model.Name} stopped.");
        }

        await PauseAsync(failure.Event?.Sequence, failure.Detail);
        return false;
    }
}
