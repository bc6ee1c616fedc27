using Banking.Commands.Receipts;
using Microsoft.Extensions.Logging;

namespace Banking.Commands.Groups;

// How a group is decided: together first, and after a failure each command alone.
public sealed partial class CommandGroup<TState>
{
    /// <summary>
    /// Number of times that a command is deferred because another host has locked a stream; after that it waits for the lock.
    /// </summary>
    private const int MaxDeferrals = 2;

    private async Task<Finished> RunAsync(IReadOnlyList<Pending> group, GroupPacing.Group paced)
    {
        metrics.GroupStarted(TState.StreamType, group.Sum(p => p.Unit.Count));
        var deferred = new List<Pending>();
        var groupFailure = await TryAsync(group, deferred);
        if (groupFailure is null)
        {
            health.Stored();
            return new(group, deferred, paced);
        }

        // The group failed without an answer. Retry each command alone, so that one cannot fail the others. If the database is
        // unavailable or a stream stays locked, answer the remaining commands concerned at once instead of letting each one time out.
        var unavailable = Failures.IsRefusedByServer(groupFailure) ? groupFailure : null;
        var lockTimeouts = new Dictionary<Guid, Exception>();
        foreach (var pending in group)
        {
            var failure = unavailable
                ?? pending.Streams.Select(lockTimeouts.GetValueOrDefault).FirstOrDefault(f => f is not null)
                ?? await AloneAsync(pending);
            if (failure is not null)
            {
                var first = pending.Unit[0].Context;
                if (Failures.IsRefusedByServer(failure))
                {
                    health.Failed(Failures.ServerMessage(failure), pending.Unit.Count);
                }
                else
                {
                    log.LogError(failure, "Command {Operation} failed ({Correlation}).", first.Operation, first.CorrelationId);
                }

                pending.Done.TrySetResult([.. pending.Unit.Select(s => Failures.Answer(failure, s.Context, pending.InDoubt))]);
                unavailable ??= Failures.IsUnavailable(failure) ? failure : null;
                foreach (var id in Failures.IsLockTimeout(failure) ? pending.Streams : [])
                {
                    lockTimeouts[id] = failure;
                }
            }
        }

        return new(group, [], paced);
    }

    /// <summary>Returns null when the unit was decided, otherwise the failure.</summary>
    private async Task<Exception?> AloneAsync(Pending pending)
    {
        for (var attempt = 1; ; attempt++)
        {
            var failure = await TryAsync([pending], deferred: null);
            if (failure is null || attempt == Failures.MaxAttempts || !Failures.IsTransient(failure)
                || Failures.IsUnavailable(failure) || Failures.IsLockTimeout(failure))
            {
                return failure;
            }
        }
    }

    /// <summary>
    /// Returns null when all units were decided or deferred, otherwise the failure. A retry is safe: the receipts show what was stored.
    /// </summary>
    /// <param name="deferred">Receives the units that were deferred because another host has locked their streams; null to wait for the
    /// locks.</param>
    private async Task<Exception?> TryAsync(IReadOnlyList<Pending> group, List<Pending>? deferred)
    {
        try
        {
            // A unit that was deferred often enough waits.
            var waitFor = deferred is null ? null : group.Where(p => p.Deferrals >= MaxDeferrals).SelectMany(p => p.Streams).ToHashSet();
            var outcomes = await transaction.RunAsync([.. group.Select(p => p.Unit)], waitFor);
            for (var i = 0; i < group.Count; i++)
            {
                if (outcomes[i] is { } outcome)
                {
                    group[i].Done.TrySetResult(outcome);
                }
                else
                {
                    group[i].Deferrals++;
                    deferred!.Add(group[i]);
                }
            }

            return null;
        }
        catch (Exception failure)
        {
            // Not swallowed: the caller handles the failure.
            log.Log(
                Failures.IsRefusedByServer(failure) ? LogLevel.Debug : LogLevel.Information,
                "Deciding {Count} commands together failed: {Reason}", group.Count, failure.Message);
            foreach (var pending in group)
            {
                // After a commit without an answer, "nothing was done" cannot be claimed, however the next attempts fail.
                pending.InDoubt |= failure is CommitInDoubtException;
            }

            return failure;
        }
    }
}
