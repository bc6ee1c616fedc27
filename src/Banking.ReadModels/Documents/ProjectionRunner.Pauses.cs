using Banking.EventStore.Log;
using JasperFx;
using JasperFx.Events.Daemon;
using Microsoft.Extensions.Logging;

namespace Banking.ReadModels.Documents;

// How a projection is paused before an event: one of an unknown version, or one that fails.
internal sealed partial class ProjectionRunner
{
    /// <summary>
    /// Pauses the projection before a further version of an event that it includes. Marten does not load such an event, so the check runs
    /// before the daemon may pass its position. An event of a new type is passed: a later program whose projection includes it has raised
    /// the projection's version, and rebuilds it.
    /// </summary>
    private async Task<bool> PauseBeforeUnknownAsync(ProjectionStatus status, HighWaterMarkDetector detector, CancellationToken ct)
    {
        var upTo = detector.Reachable;
        if (upTo <= detector.Checked)
        {
            return false;
        }

        if (await states.UnknownEventAsync(model, detector.Checked, upTo, ct) is not { } position)
        {
            detector.Checked = upTo;
            return false;
        }

        detector.Checked = position - 1;
        await PauseAsync(status, position, UnknownEventTypeException.Sentence, ct);
        detector.Ceiling = position - 1;
        return true;
    }

    private async Task PauseAsync(ProjectionStatus status, long position, string detail, CancellationToken ct)
    {
        _logger.LogError(
            "The projection {Projection} is paused before the event at position {Position}: {Failure}", model.Name, position, detail);
        _oneByOneUpTo = 0;
        await states.PauseAsync(status, position, await ReasonAsync(position, detail, ct), ct);
    }

    private async Task HandleFailureAsync(ISubscriptionAgent agent, CancellationToken ct)
    {
        // Another host or a restore moved the progress: the restart of the daemon reads it again.
        if (agent is { Status: not AgentStatus.Running, Failure: { Category: not ShardFailureCategory.ProgressionOutOfOrder } failure })
        {
            await StopBeforeAsync(failure, ct);
        }
    }

    /// <summary>
    /// Pauses the projection before an event that cannot be read or projected. After a failure that names no event, events are projected
    /// one by one to find it.
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

        _oneByOneUpTo = highWaterMark.Complete;
        _logger.LogWarning(
            "The projection {Projection} failed: {Failure} It now projects events one by one to find the failing event",
            model.Name,
            failure.Detail);
    }

    /// <summary>The reason of a pause. For an unreadable event it is the message that all readers of the log give.</summary>
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
