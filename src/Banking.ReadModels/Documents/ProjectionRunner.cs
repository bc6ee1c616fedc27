using Banking.EventStore.Log;
using Banking.EventStore.Storage;
using Banking.ReadModels.Books;
using JasperFx;
using JasperFx.Events.Daemon;
using Marten;
using Marten.Events.Daemon;
using Marten.Storage;
using Microsoft.Extensions.Logging;

namespace Banking.ReadModels.Documents;

/// <summary>
/// Runs one document read model with a Marten daemon, which loads its events, folds them, and stores documents and progress in one
/// transaction. Each read model has its own daemon: pausing one does not pause another, and the daemon's state ends with it.
/// </summary>
internal sealed partial class ProjectionRunner(
    DocumentStore store,
    DocumentModel model,
    ReadModelConnections connections,
    HighWaterMark highWaterMark,
    LogReader log,
    ProjectionStates states,
    TimeProvider clock,
    ILoggerFactory loggers)
{
    /// <summary>Longer than any rebuild takes.</summary>
    private static readonly TimeSpan RebuildTimeout = TimeSpan.FromDays(7);

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(5);

    /// <summary>
    /// Minimum time between two pages while the log is busy: larger pages cost less than one page for each poll.
    /// </summary>
    private static readonly TimeSpan MinInterval = TimeSpan.FromMilliseconds(200);

    /// <summary>New positions in one poll above which the log counts as busy.</summary>
    private const long BusyThreshold = 100;

    private readonly ILogger _logger = loggers.CreateLogger<ProjectionRunner>();

    /// <summary>Up to this position events are projected one by one, after a failure that named no event.</summary>
    private long _oneByOneUpTo;

    /// <summary>Follows the log until it is cancelled.</summary>
    public async Task RunAsync(LogWatcher watcher, CancellationToken ct)
    {
        while (true)
        {
            try
            {
                await WithDaemonAsync((daemon, detector, status, token) => FollowAsync(daemon, detector, status, watcher, token), ct);
            }
            catch (Exception failure) when (!ct.IsCancellationRequested)
            {
                _logger.LogWarning(failure, "The projection {Projection} failed; restarting it", model.Name);
                await Task.Delay(Pause, clock, ct);
            }
        }
    }

    /// <summary>Brings the read model to the high-water mark, after a rebuild if one was requested.</summary>
    public Task CatchUpAsync(CancellationToken ct) =>
        WithDaemonAsync(
            async (daemon, detector, status, token) =>
            {
                var agent = await daemon.StartAgentAsync(model.Shard, token);
                while (agent.Status == AgentStatus.Running && agent.Position < detector.Last)
                {
                    await Task.Delay(Step, clock, token);
                }

                await HandleFailureAsync(agent, token);
            },
            ct);

    private async Task WithDaemonAsync(
        Func<ProjectionDaemon, HighWaterMarkDetector, ProjectionStatus, CancellationToken, Task> run, CancellationToken ct)
    {
        await highWaterMark.LookAsync(ct);
        var status = await states.OfAsync(model, ct);
        if (await states.ResumeIfKnownAsync(status, ct))
        {
            status = await states.OfAsync(model, ct);
        }

        await using var database = new MartenDatabase(store.Options, connections.Source, model.Name);
        var detector = new HighWaterMarkDetector(highWaterMark, database.DatabaseUri)
        {
            Ceiling = await CeilingAsync(status, status.Position, ct),
        };
        using var daemon = new ProjectionDaemon(store, database, loggers.CreateLogger<ProjectionDaemon>(), detector);
        try
        {
            if (status.IsRebuildDue)
            {
                await RebuildAsync(daemon, detector, ct);
                status = await states.OfAsync(model, ct);
                detector.Ceiling = await CeilingAsync(status, status.Position, ct);
            }

            if (status.Position > highWaterMark.Complete)
            {
                throw new InvalidOperationException(
                    $"Its position {status.Position} is beyond the end of the log, position {highWaterMark.Complete}. Request a rebuild.");
            }

            detector.Checked = status.Position;
            if (await PauseBeforeUnknownAsync(status, detector, ct))
            {
                status = await states.OfAsync(model, ct);
            }

            await run(daemon, detector, status, ct);
        }
        finally
        {
            await daemon.StopAllAsync();
        }
    }

    /// <summary>
    /// Returns when the daemon must be restarted: it failed, the log was replaced, or an operator requested a rebuild or resumed it.
    /// </summary>
    private async Task FollowAsync(
        ProjectionDaemon daemon, HighWaterMarkDetector detector, ProjectionStatus status, LogWatcher watcher, CancellationToken ct)
    {
        var (server, seen, statusReadAt) = (highWaterMark.Server, highWaterMark.Complete, clock.GetTimestamp());
        var agent = await daemon.StartAgentAsync(model.Shard, ct);
        while (agent.Status == AgentStatus.Running)
        {
            if (highWaterMark.Server is { } now && (now != server || highWaterMark.Complete < seen))
            {
                return;
            }

            if (clock.GetElapsedTime(statusReadAt) > Pause)
            {
                statusReadAt = clock.GetTimestamp();
                var before = status;
                status = await states.OfAsync(model, ct);
                if (await states.ResumeIfKnownAsync(status, ct) || status.IsOutdated(before))
                {
                    return;
                }
            }

            if (_oneByOneUpTo > 0 && agent.Position >= detector.Last)
            {
                detector.Ceiling = await CeilingAsync(status, agent.Position, ct);
            }

            seen = highWaterMark.Complete;
            if (await PauseBeforeUnknownAsync(status, detector, ct))
            {
                return;
            }

            if (detector.Last > daemon.HighWaterMark())
            {
                var isBusy = detector.Last - daemon.HighWaterMark() > BusyThreshold;
                await daemon.Tracker.MarkHighWaterAsync(detector.Last);
                await Task.Delay(isBusy ? MinInterval : Step, clock, ct);
            }
            else
            {
                await watcher.WaitAsync(seen, Pause, ct);
            }
        }

        await HandleFailureAsync(agent, ct);
        await Task.Delay(Pause, clock, ct);
    }

    /// <summary>
    /// The last position that the daemon may project: right before the event that pauses it, or the next event while it projects one by
    /// one.
    /// </summary>
    private async Task<long?> CeilingAsync(ProjectionStatus status, long position, CancellationToken ct)
    {
        var next = position < _oneByOneUpTo ? await states.NextEventAsync(model, position, ct) : null;
        _oneByOneUpTo = next is null ? 0 : _oneByOneUpTo;
        return status.PausePosition > position ? Math.Min(next ?? long.MaxValue, status.PausePosition.Value - 1) : next;
    }

    private async Task RebuildAsync(ProjectionDaemon daemon, HighWaterMarkDetector detector, CancellationToken ct)
    {
        detector.Ceiling = null;
        detector.Checked = 0;
        await states.BeginRebuildAsync(model, detector.Reachable, ct);
        await PauseBeforeUnknownAsync(await states.OfAsync(model, ct), detector, ct);
        var outcome = GenerationState.Active;
        try
        {
            await daemon.RebuildProjectionAsync(model.Name, RebuildTimeout, ct).WaitAsync(ct);
        }
        catch (Exception failure) when (!ct.IsCancellationRequested)
        {
            outcome = GenerationState.Failed;
            _logger.LogError(failure, "The rebuild of the projection {Projection} failed", model.Name);
            await StopBeforeAsync(ShardFailure.For(failure, clock.GetUtcNow()), ct);
        }

        await states.FinishRebuildAsync(model, outcome, ct);
    }
}
