using System.Threading.Channels;
using Banking.Platform.EventSourcing;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Banking.Platform.Commands;

/// <summary>
/// The one way in for commands. Those that arrive while a transaction is under way wait for it and go together into the next:
/// one lock, one append, one commit for all. A lone command goes at once, so nothing waits for company.
/// </summary>
public sealed class CommandGroup<TState>(GroupTransaction<TState> transaction, ILogger<CommandGroup<TState>> log) : BackgroundService
    where TState : class, IEventSourced<TState>
{
    /// <summary>More would hold their locks for longer than a caller likes to wait.</summary>
    private const int LargestGroup = 512;

    /// <summary>What waits beyond this is told to come back rather than kept.</summary>
    private const int Capacity = 8_192;

    private readonly Channel<Pending> _queue = Channel.CreateBounded<Pending>(
        new BoundedChannelOptions(Capacity) { SingleReader = true, FullMode = BoundedChannelFullMode.Wait });

    /// <summary>Decides the command and stores what follows. Cancelling stops the waiting, not the command: its answer stays to be had by its key.</summary>
    public Task<Outcome> SubmitAsync(Submission<TState> submission, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(submission);
        var pending = new Pending(submission);
        return _queue.Writer.TryWrite(pending)
            ? pending.Done.Task.WaitAsync(ct)
            : Task.FromResult(Failures.Busy(submission.Context));
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
        var group = new List<Pending>(LargestGroup);
        while (await _queue.Reader.WaitToReadAsync(CancellationToken.None))
        {
            while (group.Count < LargestGroup && _queue.Reader.TryRead(out var pending))
            {
                group.Add(pending);
            }

            await RunAsync(group);
            group.Clear();
        }
    }

    private async Task RunAsync(List<Pending> group)
    {
        if (await TryAsync(group) is null)
        {
            return;
        }

        // Something failed in a way that is not an answer. Each goes alone, so that one cannot spoil the others; unless there is nothing
        // to go to, or a stream that nobody gets at: then the rest is told so at once instead of waiting for its turn to find out.
        Exception? away = null;
        var stuck = new Dictionary<Guid, Exception>();
        foreach (var pending in group)
        {
            var streams = pending.Submission.Streams;
            var failure = away ?? streams.Select(stuck.GetValueOrDefault).FirstOrDefault(f => f is not null) ?? await AloneAsync(pending);
            if (failure is not null)
            {
                log.LogError(failure, "The command {Operation} failed ({Correlation}).", pending.Submission.Context.Operation, pending.Submission.Context.CorrelationId);
                pending.Done.TrySetResult(Failures.Answer(failure, pending.Submission.Context, pending.InDoubt));
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
        List<Pending> alone = [pending];
        for (var attempt = 1; ; attempt++)
        {
            var failure = await TryAsync(alone);
            if (failure is null || attempt == Failures.Attempts || !Failures.IsPassing(failure)
                || Failures.IsAway(failure) || Failures.IsStuck(failure))
            {
                return failure;
            }
        }
    }

    /// <summary>Null when all of the group was decided. Trying again is safe: the receipts tell what was stored.</summary>
    private async Task<Exception?> TryAsync(List<Pending> group)
    {
        try
        {
            var outcomes = await transaction.RunAsync([.. group.Select(p => p.Submission)]);
            for (var i = 0; i < group.Count; i++)
            {
                group[i].Done.TrySetResult(outcomes[i]);
            }

            return null;
        }
        catch (Exception failure)
        {
            // Not swallowed: whoever called decides what it means.
            log.LogInformation("{Count} commands could not be decided together: {Reason}", group.Count, failure.Message);
            foreach (var pending in group)
            {
                // Once a commit's answer did not come, "nothing was done" cannot be said any more, however the next attempts fail.
                pending.InDoubt |= failure is CommitInDoubtException;
            }

            return failure;
        }
    }

    private sealed class Pending(Submission<TState> submission)
    {
        public Submission<TState> Submission { get; } = submission;

        public bool InDoubt { get; set; }

        public TaskCompletionSource<Outcome> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
