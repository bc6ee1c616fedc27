using Banking.Commands.Decisions;
using Banking.Commands.Groups;
using Banking.Commands.Receipts;
using Banking.EventStore.Streams;
using Banking.Web.Http;
using Microsoft.AspNetCore.Http;

namespace Banking.Web.Commands;

/// <summary>Runs many commands of one request. Each has the same key, decision and answer as if it were sent alone.</summary>
public sealed class BatchRoute(InFlightKeys inFlight, StoredAnswers answers)
{
    /// <param name="route">The route of the single command, whose keys are shared with the batch.</param>
    /// <param name="read">Reads a command with its key, or returns its problem.</param>
    /// <param name="prepare">Prepares a command for its group.</param>
    /// <param name="inOneSpelling">Returns the context of a malformed command with normalized content, to find an earlier answer.</param>
    public async Task<IResult> HttpAsync<TRequest, TCommand, TState>(
        HttpContext http,
        string route,
        Batch<TRequest> batch,
        CommandShape<TCommand> shape,
        Func<string, TRequest, (TCommand? Command, Refusal? Problem)> read,
        Func<TCommand, CommandContext, CancellationToken, Task<PreparedCommand<TState>>> prepare,
        Func<TCommand, CommandContext, CancellationToken, Task<CommandContext>> inOneSpelling,
        CommandGroup<TState> group)
        where TCommand : class
        where TState : class, IEventSourced<TState>
    {
        var (request, problem) = CommandRequest.ReadBatch(http, $"{http.Request.Method} {route}");
        if ((problem ?? Batches.Problem(batch)) is { } wrong)
        {
            return new ProblemResult(wrong);
        }

        var entries = new PreparedCommand<TState>[batch.Items.Count];
        for (var i = 0; i < entries.Length; i++)
        {
            var item = batch.Items[i];
            var content = new CommandContent(item.Command!, typeof(TRequest));
            var context = request! with { IdempotencyKey = item.IdempotencyKey, Fingerprint = content.Fingerprint(), Content = content };
            var (command, malformed) = read(item.IdempotencyKey, item.Command);
            command = command is null ? null : shape.Kept(command);
            malformed ??= shape.Check(command!);
            if (malformed is not null)
            {
                entries[i] = new(command is null ? context : await inOneSpelling(command, context, http.RequestAborted), null, malformed);
                continue;
            }

            var (code, text) = shape.Reason(command!);
            entries[i] = await prepare(command!, context with { ReasonCode = code, ReasonText = text }, http.RequestAborted);
        }

        // A caller that disconnects does not stop the commands.
        var running = batch.Mode == BatchMode.Atomic ? TogetherAsync(entries, group) : EachAsync(entries, group);
        return new BatchResult(batch.Mode, [.. entries.Select(e => e.Context)], await running.WaitAsync(http.RequestAborted));
    }

    private async Task<IReadOnlyList<Outcome>> EachAsync<TState>(PreparedCommand<TState>[] entries, CommandGroup<TState> group)
        where TState : class, IEventSourced<TState>
    {
        var known = await answers.FindAsync([.. entries.Where(e => e.Submission is null).Select(e => e.Context)], CancellationToken.None);
        return await Task.WhenAll(entries.Select(e => e.Submission is null
            ? Task.FromResult(known.GetValueOrDefault(e.Context.ReceiptId) ?? GroupOutcomes.Rejected(e.Context, e.Refusal!))
            : inFlight.Run(e.Context.ReceiptId, () => group.SubmitAsync(e.Submission, CancellationToken.None))
                ?? Task.FromResult(GroupOutcomes.InProgress(e.Context))));
    }

    private async Task<IReadOnlyList<Outcome>> TogetherAsync<TState>(PreparedCommand<TState>[] entries, CommandGroup<TState> group)
        where TState : class, IEventSourced<TState>
    {
        var running = inFlight.RunAll(
            [.. entries.Select(e => e.Context.ReceiptId)],
            () => group.SubmitTogetherAsync([.. entries.Select(e => e.Submission ?? Invalid(e))], CancellationToken.None));
        return running is null ? Array.ConvertAll(entries, e => GroupOutcomes.InProgress(e.Context)) : await running;
    }

    /// <summary>
    /// A submission that rejects an invalid command. It is submitted with the others, because only the group knows which of them were
    /// already processed.
    /// </summary>
    private static Submission<TState> Invalid<TState>(PreparedCommand<TState> entry)
        where TState : class, IEventSourced<TState> => new(
        entry.Context,
        [],
        _ => new Decision.Rejected(entry.Refusal!),
        (_, _) => new Decision.Rejected(entry.Refusal!),
        (_, _, _) => throw new InvalidOperationException("A rejected command has no answer."),
        Data: null);
}
