using Banking.Platform.Commands;
using Banking.Platform.Http;
using Microsoft.AspNetCore.Http;

namespace Banking.Platform;

/// <summary>A command of a batch on its way: what to run, or the answer that is known already.</summary>
public sealed record BatchEntry<TState>(CommandContext Context, Submission<TState>? Submission, Outcome? Known)
    where TState : class, EventSourcing.IEventSourced<TState>;

/// <summary>
/// The door of many commands at once. Each is the same command as if it came alone: the same key, the same decision, the same answer.
/// </summary>
public sealed class BatchDoor(InFlightKeys inFlight)
{
    /// <param name="route">The route of the single command: keys are shared with it.</param>
    /// <param name="read">A command with its key, or what is wrong with it.</param>
    /// <param name="prepare">What the module makes of a command.</param>
    public async Task<IResult> HttpAsync<TRequest, TCommand, TState>(
        HttpContext http,
        string route,
        Batch<TRequest> batch,
        CommandShape<TCommand> shape,
        Func<string, TRequest, (TCommand? Command, Refusal? Problem)> read,
        Func<TCommand, CommandContext, Task<BatchEntry<TState>>> prepare,
        CommandGroup<TState> group)
        where TCommand : class
        where TState : class, EventSourcing.IEventSourced<TState>
    {
        ArgumentNullException.ThrowIfNull(http);
        ArgumentNullException.ThrowIfNull(batch);
        ArgumentNullException.ThrowIfNull(shape);
        ArgumentNullException.ThrowIfNull(read);
        ArgumentNullException.ThrowIfNull(prepare);
        ArgumentNullException.ThrowIfNull(group);
        var (request, problem) = CommandRequest.ReadBatch(http, $"{http.Request.Method} {route}");
        if ((problem ?? Batches.Problem(batch)) is { } wrong)
        {
            return new ProblemResult(wrong);
        }

        var entries = new BatchEntry<TState>[batch.Items.Count];
        for (var i = 0; i < entries.Length; i++)
        {
            var item = batch.Items[i];
            var context = request! with { IdempotencyKey = item.IdempotencyKey, Fingerprint = StrictBody.FingerprintOf(item.Command!, typeof(TRequest)) };
            var (command, malformed) = read(item.IdempotencyKey, item.Command);
            malformed ??= shape.Check(command!);
            if (malformed is not null)
            {
                entries[i] = new(context, null, GroupOutcomes.Rejected(context, malformed));
                continue;
            }

            var (code, text) = shape.Reason(command!);
            entries[i] = await prepare(command!, context with { ReasonCode = code, ReasonText = text });
        }

        // A caller who hangs up does not stop the commands.
        var running = batch.Mode == BatchMode.Atomic ? TogetherAsync(entries, group) : EachAsync(entries, group);
        return new BatchResult(batch.Mode, [.. entries.Select(e => e.Context)], await running.WaitAsync(http.RequestAborted));
    }

    private async Task<IReadOnlyList<Outcome>> EachAsync<TState>(BatchEntry<TState>[] entries, CommandGroup<TState> group)
        where TState : class, EventSourcing.IEventSourced<TState> =>
        await Task.WhenAll(entries.Select(e => e.Submission is null
            ? Task.FromResult(e.Known!)
            : inFlight.Run(e.Context.ReceiptId, () => group.SubmitAsync(e.Submission, CancellationToken.None))
                ?? Task.FromResult(GroupOutcomes.InProgress(e.Context))));

    private async Task<IReadOnlyList<Outcome>> TogetherAsync<TState>(BatchEntry<TState>[] entries, CommandGroup<TState> group)
        where TState : class, EventSourcing.IEventSourced<TState>
    {
        var failed = Array.FindIndex(entries, e => e.Submission is null);
        if (failed >= 0)
        {
            return Array.ConvertAll(entries, e => e == entries[failed] ? e.Known! : GroupOutcomes.BatchRefused(e.Context, failed));
        }

        var running = inFlight.RunAll(
            [.. entries.Select(e => e.Context.ReceiptId)],
            () => group.SubmitTogetherAsync([.. entries.Select(e => e.Submission!)], CancellationToken.None));
        return running is null ? Array.ConvertAll(entries, e => GroupOutcomes.InProgress(e.Context)) : await running;
    }
}
