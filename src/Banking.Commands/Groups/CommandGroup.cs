using System.Threading.Channels;
using Banking.Commands.Receipts;
using Banking.EventStore.Storage;
using Banking.EventStore.Streams;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Banking.Commands.Groups;

/// <summary>
/// The one way in for commands. Those that wait go together into the next transaction: one lock, one append, one commit for all. A command
/// waits only while its streams are at work, or as many groups are as can be, or as long as it is not worth beginning another
/// (<see cref="GroupPacing"/>): where no host is at work nothing waits. Groups that are at work at once have no stream in common, so none
/// waits for the locks of another.
/// </summary>
public sealed class CommandGroup<TState>(
    GroupTransaction<TState> transaction, StorageHealth trouble, TimeProvider clock, ILogger<CommandGroup<TState>> log) : BackgroundService
    where TState : class, IEventSourced<TState>
{
    /// <summary>How often a command stands back because another host is at one of its streams, before it waits for it.</summary>
    private const int Courtesy = 2;

    private readonly Channel<Pending> _queue = Channel.CreateUnbounded<Pending>(new() { SingleReader = true });

    /// <summary>Commands, not units: a batch of a thousand weighs a thousand.</summary>
    private int _waiting;

    /// <summary>
    /// Decides the command and stores what follows. Cancelling stops the waiting, not the command: its answer stays to be had by its key.
    /// </summary>
    public async Task<Outcome> SubmitAsync(Submission<TState> submission, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(submission);
        return (await SubmitTogetherAsync([submission], ct))[0];
    }

    /// <summary>Decides commands that stand or fall together, each with a key, a receipt and an outcome of its own.</summary>
    public Task<IReadOnlyList<Outcome>> SubmitTogetherAsync(IReadOnlyList<Submission<TState>> unit, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(unit);
        var pending = new Pending(unit);
        if (Interlocked.Add(ref _waiting, unit.Count) <= GroupLimits.Waiting && _queue.Writer.TryWrite(pending))
        {
            return pending.Done.Task.WaitAsync(ct);
        }

        Interlocked.Add(ref _waiting, -unit.Count);
        return Task.FromResult<IReadOnlyList<Outcome>>([.. unit.Select(s => Failures.Busy(s.Context))]);
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        // No more come in; what is in is still decided and answered.
        _queue.Writer.TryComplete();
        if (ExecuteTask is not null)
        {
            await ExecuteTask.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await base.StopAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var line = new CommandScheduler<Pending>(p => p.Streams, p => p.Unit.Count);
        var pace = new GroupPacing(clock);
        var running = new List<Task<Finished>>();
        var more = _queue.Reader.WaitToReadAsync(CancellationToken.None).AsTask();
        while (true)
        {
            while (_queue.Reader.TryRead(out var pending))
            {
                line.Add(pending);
            }

            // Each asked once a turn: what was not begun for one answer must not wait by another.
            var (isOver, isContended, patience) = (IsOver(more), transaction.IsContended, TimeSpan.Zero);
            // Where other hosts are at work on the same streams they have groups at work as well.
            var room = isContended ? GroupLimits.AtOnce / 2 : GroupLimits.AtOnce;
            while (running.Count < room)
            {
                patience = isOver ? TimeSpan.Zero : pace.RetryPolicy(line.Ready, isContended);
                if (patience > TimeSpan.Zero || line.Take(GroupLimits.Commands) is not { Count: > 0 } group)
                {
                    break;
                }

                Interlocked.Add(ref _waiting, -group.Sum(p => p.Unit.Count));
                running.Add(RunAsync(group, pace.Begin(group.Count)));
            }

            if (running.Count == 0 && line.Count == 0 && isOver)
            {
                return;
            }

            List<Task> next = [.. running];
            if (running.Count < room && !isOver)
            {
                // Who comes while there is no room for another group is looked at when there is.
                next.Add(more);
            }

            if (patience > TimeSpan.Zero)
            {
                next.Add(Task.Delay(patience, clock, CancellationToken.None));
            }

            await Task.WhenAny(next);
            foreach (var finished in running.FindAll(r => r.IsCompleted))
            {
                running.Remove(finished);
                var (group, again, atWork) = await finished;
                pace.End(atWork);
                Interlocked.Add(ref _waiting, again.Sum(p => p.Unit.Count));
                line.Free(group, again);
            }

            if (more.IsCompleted && await more)
            {
                more = _queue.Reader.WaitToReadAsync(CancellationToken.None).AsTask();
            }
        }
    }

    /// <summary>Whether no more will come.</summary>
    private static bool IsOver(Task<bool> more) => more.IsCompletedSuccessfully && !more.Result;

    private async Task<Finished> RunAsync(IReadOnlyList<Pending> group, GroupPacing.Group atWork)
    {
        var again = new List<Pending>();
        var together = await TryAsync(group, again);
        if (together is null)
        {
            trouble.Stored();
            return new(group, again, atWork);
        }

        // Something failed in a way that is not an answer. Each goes alone, so that one cannot spoil the others; unless there is nothing
        // to go to, or a stream that nobody gets at: then the rest is told so at once instead of waiting for its turn to find out.
        var away = Failures.IsRefusedByServer(together) ? together : null;
        var stuck = new Dictionary<Guid, Exception>();
        foreach (var pending in group)
        {
            var failure = away
                ?? pending.Streams.Select(stuck.GetValueOrDefault).FirstOrDefault(f => f is not null)
                ?? await AloneAsync(pending);
            if (failure is not null)
            {
                var first = pending.Unit[0].Context;
                if (Failures.IsRefusedByServer(failure))
                {
                    trouble.Failed(Failures.ServerSays(failure), pending.Unit.Count);
                }
                else
                {
                    log.LogError(failure, "The command {Operation} failed ({Correlation}).", first.Operation, first.CorrelationId);
                }

                pending.Done.TrySetResult([.. pending.Unit.Select(s => Failures.Answer(failure, s.Context, pending.InDoubt))]);
                away ??= Failures.IsUnavailable(failure) ? failure : null;
                foreach (var id in Failures.IsLockTimeout(failure) ? pending.Streams : [])
                {
                    stuck[id] = failure;
                }
            }
        }

        return new(group, [], atWork);
    }

    /// <summary>Null when it was decided, else why not.</summary>
    private async Task<Exception?> AloneAsync(Pending pending)
    {
        for (var attempt = 1; ; attempt++)
        {
            var failure = await TryAsync([pending], again: null);
            if (failure is null || attempt == Failures.Attempts || !Failures.IsTransient(failure)
                || Failures.IsUnavailable(failure) || Failures.IsLockTimeout(failure))
            {
                return failure;
            }
        }
    }

    /// <summary>Null when all of the group was decided, or stood back. Trying again is safe: the receipts tell what was stored.</summary>
    /// <param name="again">Takes those that stood back because another host was at their streams; null to wait for it.</param>
    private async Task<Exception?> TryAsync(IReadOnlyList<Pending> group, List<Pending>? again)
    {
        try
        {
            // Who has stood back often enough waits.
            var waitFor = again is null ? null : group.Where(p => p.StoodBack >= Courtesy).SelectMany(p => p.Streams).ToHashSet();
            var outcomes = await transaction.RunAsync([.. group.Select(p => p.Unit)], waitFor);
            for (var i = 0; i < group.Count; i++)
            {
                if (outcomes[i] is { } outcome)
                {
                    group[i].Done.TrySetResult(outcome);
                }
                else
                {
                    group[i].StoodBack++;
                    again!.Add(group[i]);
                }
            }

            return null;
        }
        catch (Exception failure)
        {
            // Not swallowed: whoever called decides what it means.
            log.Log(
                Failures.IsRefusedByServer(failure) ? LogLevel.Debug : LogLevel.Information,
                "{Count} commands could not be decided together: {Reason}", group.Count, failure.Message);
            foreach (var pending in group)
            {
                // Once a commit's answer did not come, "nothing was done" cannot be said any more, however the next attempts fail.
                pending.InDoubt |= failure is CommitInDoubtException;
            }

            return failure;
        }
    }

    private sealed record Finished(IReadOnlyList<Pending> Group, IReadOnlyCollection<Pending> Again, GroupPacing.Group AtWork);

    private sealed class Pending(IReadOnlyList<Submission<TState>> unit)
    {
        public IReadOnlyList<Submission<TState>> Unit { get; } = unit;

        public IReadOnlyCollection<Guid> Streams { get; } =
            unit.Count == 1 ? unit[0].Streams : [.. unit.SelectMany(s => s.Streams).Distinct()];

        public bool InDoubt { get; set; }

        public int StoodBack { get; set; }

        public TaskCompletionSource<IReadOnlyList<Outcome>> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
