using System.Threading.Channels;
using Banking.Platform.EventSourcing;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Banking.Platform.Commands;

/// <summary>
/// The one way in for commands. Those that arrive while a transaction is under way wait for it and go together into the next:
/// one lock, one append, one commit for all. A lone command goes at once, so nothing waits for company. While one group is being
/// committed the next is decided: the disk and the processor need not wait for each other.
/// </summary>
public sealed class CommandGroup<TState>(GroupTransaction<TState> transaction, ILogger<CommandGroup<TState>> log) : BackgroundService
    where TState : class, IEventSourced<TState>
{
    /// <summary>More would hold their locks for longer than a caller likes to wait.</summary>
    private const int LargestGroup = 512;

    /// <summary>What waits beyond this is told to come back rather than kept.</summary>
    private const int Capacity = 8_192;

    private readonly Channel<Pending> _queue = Channel.CreateUnbounded<Pending>(new() { SingleReader = true });

    /// <summary>Commands, not units: a batch of a thousand weighs a thousand.</summary>
    private int _waiting;

    /// <summary>Decides the command and stores what follows. Cancelling stops the waiting, not the command: its answer stays to be had by its key.</summary>
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
        if (Interlocked.Add(ref _waiting, unit.Count) <= Capacity && _queue.Writer.TryWrite(pending))
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
        var previous = Task.CompletedTask;
        while (await _queue.Reader.WaitToReadAsync(CancellationToken.None))
        {
            var written = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            var running = RunAsync(() => written.TrySetResult());
            await Task.WhenAny(written.Task, running);
            await previous;
            previous = running;
        }

        await previous;
    }

    /// <summary>Those that wait; one at least.</summary>
    private List<Pending> Take()
    {
        var group = new List<Pending>();
        for (var commands = 0; _queue.Reader.TryPeek(out var next) && (commands == 0 || commands + next.Unit.Count <= LargestGroup);)
        {
            _queue.Reader.TryRead(out _);
            Interlocked.Add(ref _waiting, -next.Unit.Count);
            commands += next.Unit.Count;
            group.Add(next);
        }

        return group;
    }

    private async Task RunAsync(Action onWritten)
    {
        // Closed when its turn has come, or when there is nothing to wait for any more.
        var group = new Lazy<List<Pending>>(Take);
        if (await TryAsync(group, onWritten, inTurn: true) is null)
        {
            return;
        }

        // Something failed in a way that is not an answer. Each goes alone, so that one cannot spoil the others; unless there is nothing
        // to go to, or a stream that nobody gets at: then the rest is told so at once instead of waiting for its turn to find out.
        Exception? away = null;
        var stuck = new Dictionary<Guid, Exception>();
        foreach (var pending in group.Value)
        {
            var streams = pending.Unit.SelectMany(s => s.Streams).ToList();
            var failure = away ?? streams.Select(stuck.GetValueOrDefault).FirstOrDefault(f => f is not null) ?? await AloneAsync(pending);
            if (failure is not null)
            {
                var first = pending.Unit[0].Context;
                log.LogError(failure, "The command {Operation} failed ({Correlation}).", first.Operation, first.CorrelationId);
                pending.Done.TrySetResult([.. pending.Unit.Select(s => Failures.Answer(failure, s.Context, pending.InDoubt))]);
                away ??= Failures.IsAway(failure) ? failure : null;
                foreach (var id in Failures.IsStuck(failure) ? streams : [])
                {
                    stuck[id] = failure;
                }
            }
        }
    }

    /// <summary>Null when it was decided, else why not.</summary>
    private async Task<Exception?> AloneAsync(Pending pending)
    {
        var alone = new Lazy<List<Pending>>([pending]);
        for (var attempt = 1; ; attempt++)
        {
            var failure = await TryAsync(alone, static () => { }, inTurn: false);
            if (failure is null || attempt == Failures.Attempts || !Failures.IsPassing(failure)
                || Failures.IsAway(failure) || Failures.IsStuck(failure))
            {
                return failure;
            }
        }
    }

    /// <summary>Null when all of the group was decided. Trying again is safe: the receipts tell what was stored.</summary>
    private async Task<Exception?> TryAsync(Lazy<List<Pending>> group, Action onWritten, bool inTurn)
    {
        try
        {
            var outcomes = await transaction.RunAsync(() => [.. group.Value.Select(p => p.Unit)], onWritten, inTurn);
            for (var i = 0; i < outcomes.Count; i++)
            {
                group.Value[i].Done.TrySetResult(outcomes[i]);
            }

            return null;
        }
        catch (Exception failure)
        {
            // Not swallowed: whoever called decides what it means.
            log.LogInformation("{Count} commands could not be decided together: {Reason}", group.Value.Count, failure.Message);
            foreach (var pending in group.Value)
            {
                // Once a commit's answer did not come, "nothing was done" cannot be said any more, however the next attempts fail.
                pending.InDoubt |= failure is CommitInDoubtException;
            }

            return failure;
        }
    }

    private sealed class Pending(IReadOnlyList<Submission<TState>> unit)
    {
        public IReadOnlyList<Submission<TState>> Unit { get; } = unit;

        public bool InDoubt { get; set; }

        public TaskCompletionSource<IReadOnlyList<Outcome>> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
