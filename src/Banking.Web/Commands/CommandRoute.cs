using Banking.Commands.Decisions;
using Banking.Commands.Groups;
using Banking.Commands.Receipts;
using Banking.Web.Http;
using Microsoft.AspNetCore.Http;
using Wolverine;

namespace Banking.Web.Commands;

/// <summary>Receives commands over HTTP and from the message bus. Both lead to the same command, decision and answer.</summary>
public sealed class CommandRoute(InFlightKeys inFlight, StoredAnswers answers, TimeProvider clock)
{
    /// <summary>Checks the headers, then the shape, then runs the command. A malformed command is not recorded.</summary>
    /// <param name="read">Reads the command with the given key, or returns the problem of the request.</param>
    /// <param name="inOneSpelling">Returns the context of a malformed command with normalized content, to find an earlier answer; null if
    /// the content has only one form.</param>
    public async Task<IResult> HttpAsync<TCommand>(
        HttpContext http,
        CommandShape<TCommand> shape,
        Func<string, (TCommand? Command, Refusal? Problem)> read,
        Func<TCommand, CommandContext, CancellationToken, Task<Outcome>> run,
        Func<TCommand, CommandContext, CancellationToken, Task<CommandContext>>? inOneSpelling = null)
        where TCommand : class
    {
        var (context, problem) = CommandRequest.Read(http, clock);
        TCommand? command = null;
        if (context is not null)
        {
            (command, var invalid) = read(context.IdempotencyKey);
            command = command is null ? null : shape.Kept(command);
            problem ??= invalid ?? shape.Check(command!);
        }

        if (problem is not null)
        {
            context =
                context is null || command is null || inOneSpelling is null
                    ? context
                    : await inOneSpelling(command, context, http.RequestAborted);
            return context is not null && await answers.FindAsync(context, http.RequestAborted) is { } answer
                ? new OutcomeResult(answer)
                : new ProblemResult(problem);
        }

        var (code, text) = shape.Reason(command!);
        context = context! with { ReasonCode = code, ReasonText = text };

        // A caller that disconnects does not stop the command: many retries begin with a timeout, and find the answer by the key.
        var running = inFlight.Run(context.ReceiptId, () => run(command!, context, CancellationToken.None));
        return running is null
            ? new OutcomeResult(GroupOutcomes.InProgress(context))
            : new OutcomeResult(await running.WaitAsync(http.RequestAborted));
    }

    /// <summary>
    /// Runs a command from the message bus. A recorded outcome is an answer, even a refusal. Any other outcome is thrown, so that the
    /// message is retried or becomes a dead letter and is never lost.
    /// </summary>
    /// <exception cref="CommandRejectedException">The command can never be decided.</exception>
    /// <exception cref="CommandPostponedException">The command could not be decided now.</exception>
    public async Task<CommandReply> BusAsync<TCommand>(
        TCommand command,
        Envelope envelope,
        CommandShape<TCommand> shape,
        Func<TCommand, CommandContext, CancellationToken, Task<Outcome>> run,
        CancellationToken ct,
        Func<TCommand, CommandContext, CancellationToken, Task<CommandContext>>? inOneSpelling = null)
        where TCommand : class
    {
        var sent = command;
        command = shape.Kept(sent);
        var (code, text) = shape.Reason(command);
        if (!CommandContext.IsKey(shape.CommandId(command)))
        {
            throw new CommandRejectedException(
                "command_id_missing",
                $"A command on the bus must have a CommandId of 1 to {CommandContext.MaxKeyLength} printable ASCII characters.");
        }

        if (CommandMessage.ActorProblem(envelope) is { } actorProblem)
        {
            throw new CommandRejectedException(actorProblem.Code, actorProblem.Detail);
        }

        var context = CommandMessage.Read(envelope, shape.Name, shape.CommandId(command), sent, command, code, text);
        try
        {
            if ((CommandMessage.CorrelationProblem(envelope) ?? shape.Check(command)) is not { } problem)
            {
                return CommandMessage.Reply(await run(command, context, ct));
            }

            context = inOneSpelling is null ? context : await inOneSpelling(command, context, ct);
            return await answers.FindAsync(context, ct) is { } answer
                ? CommandReply.Of(answer)
                : throw new CommandRejectedException(problem.Code, problem.Detail);
        }
        catch (Exception failure) when (failure is OperationCanceledException || Failures.IsTransient(failure))
        {
            throw new CommandPostponedException("temporarily_unavailable", failure.Message);
        }
    }
}
