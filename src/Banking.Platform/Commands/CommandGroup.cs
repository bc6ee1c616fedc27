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
        if (await TryAsync(group, last: false))
        {
            return;
        }

        // Something failed in a way that is not an answer. Each goes alone, so that one cannot spoil the others.
        foreach (var pending in group)
        {
            await AloneAsync(pending);
        }
    }

    private async Task AloneAsync(Pending pending)
    {
        List<Pending> alone = [pending];
        for (var attempt = 1; attempt <= Failures.Attempts; attempt++)
        {
            if (await TryAsync(alone, last: attempt == Failures.Attempts))
            {
                return;
            }
        }
    }

    /// <summary>False where the group should be tried again in smaller parts. Trying again is safe: the receipts tell what was stored.</summary>
    private async Task<bool> TryAsync(List<Pending> group, bool last)
    {
        try
        {
            var outcomes = await transaction.RunAsync([.. group.Select(p => p.Submission)]);
            for (var i = 0; i < group.Count; i++)
            {
                group[i].Done.TrySetResult(outcomes[i]);
            }

            return true;
        }
        catch (Exception failure) when (group.Count > 1 || (!last && Failures.IsPassing(failure)))
        {
            log.LogInformation("A group of {Count} commands is tried again, each alone: {Reason}", group.Count, failure.Message);
            return false;
        }
        catch (Exception failure)
        {
            // Alone, and out of attempts or not worth another. Not swallowed: logged, and the caller is told what is known.
            log.LogError(failure, "The command {Operation} failed.", group[0].Submission.Context.Operation);
            group[0].Done.TrySetResult(Failures.Answer(failure, group[0].Submission.Context));
            return true;
        }
    }

    private sealed record Pending(Submission<TState> Submission)
    {
        public TaskCompletionSource<Outcome> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
