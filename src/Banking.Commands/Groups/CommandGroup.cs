using System.Threading.Channels;
using Banking.Commands.Receipts;
using Banking.EventStore.Storage;
using Banking.EventStore.Streams;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Banking.Commands.Groups;

/// <summary>
/// Decides submitted commands in groups: one lock, one append and one commit for many commands. A command waits only while a running
/// group holds one of its streams, while all slots are busy, or until a group is worth starting (<see cref="GroupPacing"/>). On an idle
/// host nothing waits. Running groups have no stream in common, so none waits for the locks of another.
/// </summary>
public sealed partial class CommandGroup<TState>(
    GroupTransaction<TState> transaction, ReplayedAnswers answers, StorageHealth health, CommandMetrics metrics, TimeProvider clock,
    ILogger<CommandGroup<TState>> log) : BackgroundService
    where TState : class, IEventSourced<TState>
{
    private readonly Channel<Pending> _queue = Channel.CreateUnbounded<Pending>(new() { SingleReader = true });

    /// <summary>Number of waiting commands. It counts commands, not units: a batch of a thousand counts as a thousand.</summary>
    private int _waiting;

    /// <summary>
    /// Decides the command and stores the result. Cancelling ends the wait, not the command: its answer remains available by its key.
    /// </summary>
    public async Task<Outcome> SubmitAsync(Submission<TState> submission, CancellationToken ct)
    {
        return (await SubmitTogetherAsync([submission], ct))[0];
    }

    /// <summary>Decides commands that are stored all or none, each with its own key, receipt and outcome.</summary>
    public Task<IReadOnlyList<Outcome>> SubmitTogetherAsync(IReadOnlyList<Submission<TState>> unit, CancellationToken ct)
    {
        var pending = new Pending(unit);
        if (Interlocked.Add(ref _waiting, unit.Count) <= GroupLimits.MaxWaiting && _queue.Writer.TryWrite(pending))
        {
            return CompletedAsync(metrics.MeasureAsync(TState.StreamType, pending.Done.Task), unit).WaitAsync(ct);
        }

        Interlocked.Add(ref _waiting, -unit.Count);
        return Task.FromResult<IReadOnlyList<Outcome>>([.. unit.Select(s => Failures.Busy(s.Context))]);
    }

    /// <summary>Adds the answers of repeats. They are read here, so that no other command of a group waits for them.</summary>
    private async Task<IReadOnlyList<Outcome>> CompletedAsync(
        Task<IReadOnlyList<Outcome>> decided, IReadOnlyList<Submission<TState>> unit)
    {
        var outcomes = await decided;
        try
        {
            return await answers.CompleteAsync(outcomes, i => unit[i].Context, CancellationToken.None);
        }
        catch (Exception failure)
        {
            log.LogError(failure, "The answer to a repeat of {Operation} could not be read.", unit[0].Context.Operation);
            return [.. outcomes.Select((o, i) =>
                o is Outcome.Replayed { Receipt.Body: null } ? Failures.Answer(failure, unit[i].Context, inDoubt: true) : o)];
        }
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        // Accept no more commands; those already accepted are still decided and answered.
        _queue.Writer.TryComplete();
        if (ExecuteTask is not null)
        {
            await ExecuteTask.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await base.StopAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var scheduler = new CommandScheduler<Pending>(p => p.Streams, p => p.Unit.Count);
        var pacing = new GroupPacing(clock);
        metrics.Watch(TState.StreamType, () => Volatile.Read(ref _waiting));
        var running = new List<Task<Finished>>();
        var arrival = _queue.Reader.WaitToReadAsync(CancellationToken.None).AsTask();
        while (true)
        {
            while (_queue.Reader.TryRead(out var pending))
            {
                scheduler.Add(pending);
            }

            // Read once per turn: starting groups and waiting must use the same values.
            var (isClosed, isContended) = (IsClosed(arrival), transaction.IsContended);
            // Other hosts that use the same streams run groups as well.
            var maxRunning = isContended ? GroupLimits.MaxRunning / 2 : GroupLimits.MaxRunning;
            var delay = TimeSpan.Zero;
            while (running.Count < maxRunning)
            {
                delay = isClosed ? TimeSpan.Zero : pacing.StartDelay(scheduler.Ready, isContended);
                if (delay > TimeSpan.Zero || scheduler.Take(GroupLimits.MaxCommands) is not { Count: > 0 } group)
                {
                    break;
                }

                Interlocked.Add(ref _waiting, -group.Sum(p => p.Unit.Count));
                running.Add(RunAsync(group, pacing.Begin(group.Count)));
            }

            if (running.Count == 0 && scheduler.Count == 0 && isClosed)
            {
                return;
            }

            await WaitForChangeAsync(running, running.Count < maxRunning && !isClosed ? arrival : null, delay);
            await RemoveFinishedAsync(running, scheduler, pacing);
            if (arrival.IsCompleted && await arrival)
            {
                arrival = _queue.Reader.WaitToReadAsync(CancellationToken.None).AsTask();
            }
        }
    }

    /// <summary>Whether no more commands will arrive.</summary>
    private static bool IsClosed(Task<bool> arrival) => arrival.IsCompletedSuccessfully && !arrival.Result;

    /// <summary>Waits until a group ends, a command arrives or the delay is over.</summary>
    /// <param name="arrival">Null while no further group can start: new commands are then read when one can.</param>
    private Task<Task> WaitForChangeAsync(IReadOnlyList<Task<Finished>> running, Task? arrival, TimeSpan delay)
    {
        List<Task> next = [.. running];
        if (arrival is not null)
        {
            next.Add(arrival);
        }

        if (delay > TimeSpan.Zero)
        {
            next.Add(Task.Delay(delay, clock, CancellationToken.None));
        }

        return Task.WhenAny(next);
    }

    private async Task RemoveFinishedAsync(List<Task<Finished>> running, CommandScheduler<Pending> scheduler, GroupPacing pacing)
    {
        foreach (var finished in running.FindAll(r => r.IsCompleted))
        {
            running.Remove(finished);
            var (group, deferred, paced) = await finished;
            pacing.End(paced);
            Interlocked.Add(ref _waiting, deferred.Sum(p => p.Unit.Count));
            scheduler.Free(group, deferred);
        }
    }

    private sealed record Finished(IReadOnlyList<Pending> Group, IReadOnlyCollection<Pending> Deferred, GroupPacing.Group Paced);

    private sealed class Pending(IReadOnlyList<Submission<TState>> unit)
    {
        public IReadOnlyList<Submission<TState>> Unit { get; } = unit;

        public IReadOnlyCollection<Guid> Streams { get; } =
            unit.Count == 1 ? unit[0].Streams : [.. unit.SelectMany(s => s.Streams).Distinct()];

        public bool InDoubt { get; set; }

        public int Deferrals { get; set; }

        public TaskCompletionSource<IReadOnlyList<Outcome>> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
