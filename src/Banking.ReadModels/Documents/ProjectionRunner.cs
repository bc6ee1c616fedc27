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
/// Runs one document read model under a daemon of Marten's, which loads its events, folds them, and stores documents and progress in one
/// transaction. Each read model has a daemon of its own, so that one that stops before an event stops no other, and so that what a daemon
/// remembers goes with it.
/// </summary>
internal sealed class ProjectionRunner(
    DocumentStore store,
    DocumentModel model,
    ReadModelConnections connections,
    HighWaterMark mark,
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
    /// A busy log is followed in pages of what came within this time, which cost less than a page for each look at the log.
    /// </summary>
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(200);

    /// <summary>Positions within one look at the log from which it is busy.</summary>
    private const long Busy = 100;

    private readonly ILogger _logger = loggers.CreateLogger<ProjectionRunner>();

    /// <summary>Up to here events are taken one by one, after a failure that named none.</summary>
    private long _oneByOneUpTo;

    /// <summary>Follows the log until it is cancelled.</summary>
    public async Task RunAsync(LogWatcher watch, CancellationToken ct)
    {
        while (true)
        {
            try
            {
                await WithDaemonAsync((daemon, detector, status, token) => FollowAsync(daemon, detector, status, watch, token), ct);
            }
            catch (Exception failure) when (!ct.IsCancellationRequested)
            {
                _logger.LogWarning(failure, "The projection {Projection} failed and is started again", model.Name);
                await Task.Delay(Pause, clock, ct);
            }
        }
    }

    /// <summary>Brings the read model to the high-water mark, after the rebuild that was asked for, where one was.</summary>
    public Task CatchUpAsync(CancellationToken ct) =>
        WithDaemonAsync(
            async (daemon, detector, status, token) =>
            {
                var agent = await daemon.StartAgentAsync(model.Shard, token);
                while (agent.Status == AgentStatus.Running && agent.Position < detector.Last)
                {
                    await Task.Delay(Step, clock, token);
                }

                await HandleAsync(agent, token);
            },
            ct);

    private async Task WithDaemonAsync(
        Func<ProjectionDaemon, HighWaterMarkDetector, ProjectionStatus, CancellationToken, Task> run, CancellationToken ct)
    {
        await mark.LookAsync(ct);
        var status = await states.OfAsync(model, ct);
        await using var database = new MartenDatabase(store.Options, connections.Source, model.Name);
        var detector = new HighWaterMarkDetector(mark, database.DatabaseUri) { Ceiling = await CeilingAsync(status, status.Position, ct) };
        using var daemon = new ProjectionDaemon(store, database, loggers.CreateLogger<ProjectionDaemon>(), detector);
        try
        {
            if (status.IsRebuildDue)
            {
                await RebuildAsync(daemon, detector, ct);
                status = await states.OfAsync(model, ct);
                detector.Ceiling = await CeilingAsync(status, status.Position, ct);
            }

            if (status.Position > mark.Complete)
            {
                throw new InvalidOperationException(
                    $"Its progress, position {status.Position}, lies after the end of the log, position {mark.Complete}.");
            }

            detector.Checked = status.Position;
            if (await StopsBeforeUnknownAsync(status, detector, ct))
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
    /// Returns when the daemon is to be started again: it failed, the log is another, or an operator asked for something.
    /// </summary>
    private async Task FollowAsync(
        ProjectionDaemon daemon, HighWaterMarkDetector detector, ProjectionStatus status, LogWatcher watch, CancellationToken ct)
    {
        var (server, seen, looked) = (mark.Server, mark.Complete, clock.GetTimestamp());
        var agent = await daemon.StartAgentAsync(model.Shard, ct);
        while (agent.Status == AgentStatus.Running)
        {
            if (mark.Server is { } now && (now != server || mark.Complete < seen))
            {
                return;
            }

            if (clock.GetElapsedTime(looked) > Pause)
            {
                looked = clock.GetTimestamp();
                var before = status;
                status = await states.OfAsync(model, ct);
                if (status.IsRebuildDue || status.PausePosition != before.PausePosition || status.Position < before.Position)
                {
                    return;
                }
            }

            if (_oneByOneUpTo > 0 && agent.Position >= detector.Last)
            {
                detector.Ceiling = await CeilingAsync(status, agent.Position, ct);
            }

            seen = mark.Complete;
            if (await StopsBeforeUnknownAsync(status, detector, ct))
            {
                return;
            }

            if (detector.Last > daemon.HighWaterMark())
            {
                var isBusy = detector.Last - daemon.HighWaterMark() > Busy;
                await daemon.Tracker.MarkHighWaterAsync(detector.Last);
                await Task.Delay(isBusy ? Pace : Step, clock, ct);
            }
            else
            {
                await watch.WaitAsync(seen, Pause, ct);
            }
        }

        await HandleAsync(agent, ct);
        await Task.Delay(Pause, clock, ct);
    }

    /// <summary>
    /// The position that the daemon must not pass: right before the event that stops it, or the next event while they are taken one by one.
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
        await StopsBeforeUnknownAsync(await states.OfAsync(model, ct), detector, ct);
        var outcome = GenerationState.Serving;
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

    /// <summary>
    /// An event of a type that this version does not know may be one that the projection is made of in a later version. Marten does not
    /// load it, so it is looked for before the daemon is told that it may pass it.
    /// </summary>
    private async Task<bool> StopsBeforeUnknownAsync(ProjectionStatus status, HighWaterMarkDetector detector, CancellationToken ct)
    {
        var upTo = detector.Reachable;
        if (upTo <= detector.Checked)
        {
            return false;
        }

        if (await states.UnknownEventAsync(detector.Checked, upTo, ct) is not { } position)
        {
            detector.Checked = upTo;
            return false;
        }

        detector.Checked = position - 1;

        await PauseAsync(status, position, "This version of the bank does not know its type.", ct);
        detector.Ceiling = position - 1;
        return true;
    }

    private async Task PauseAsync(ProjectionStatus status, long position, string detail, CancellationToken ct)
    {
        _logger.LogError("The projection {Projection} stops before position {Position}: {Failure}", model.Name, position, detail);
        _oneByOneUpTo = 0;
        await states.PauseAsync(status, position, await ReasonAsync(position, detail, ct), ct);
    }

    private async Task HandleAsync(ISubscriptionAgent agent, CancellationToken ct)
    {
        // Progress that another host moved, or a restore moved back, is read again when the daemon is started again.
        if (agent is { Status: not AgentStatus.Running, Failure: { Category: not ShardFailureCategory.ProgressionOutOfOrder } failure })
        {
            await StopBeforeAsync(failure, ct);
        }
    }

    /// <summary>
    /// An event that cannot be read or projected pauses the projection. A failure that names none is looked for one event at a time.
    /// </summary>
    private async Task StopBeforeAsync(ShardFailure failure, CancellationToken ct)
    {
        if (failure.IsTransient)
        {
            throw new InvalidOperationException(failure.Message);
        }

        var status = await states.OfAsync(model, ct);
        var isNext = failure.Event is null && _oneByOneUpTo > 0;
        if ((failure.Event?.Sequence ?? (isNext ? await states.NextEventAsync(model, status.Position, ct) : null)) is { } position)
        {
            await PauseAsync(status, position, failure.Message, ct);
            return;
        }

        _oneByOneUpTo = mark.Complete;
        _logger.LogWarning(
            "The projection {Projection} failed: {Failure} It now takes events one by one, to find the one that fails",
            model.Name,
            failure.Detail);
    }

    /// <summary>For an event that this bank cannot read, the words in which every reader of the log says so.</summary>
    private async Task<string> ReasonAsync(long position, string detail, CancellationToken ct)
    {
        try
        {
            await log.ReadAsync(position - 1, position, ct);
            return detail;
        }
        catch (UnreadableEventException unreadable)
        {
            return unreadable.Message;
        }
    }
}
