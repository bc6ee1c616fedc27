using Banking.Commands.Decisions;
using Banking.Commands.Groups;
using Banking.Commands.Receipts;
using Banking.Web.Http;
using Microsoft.AspNetCore.Http;
using Wolverine;

namespace Banking.Web.Commands;

/// <summary>The two doors that a command comes in by. Behind them it is the same command, the same decision and the same answer.</summary>
public sealed class CommandRoute(InFlightKeys inFlight, StoredAnswers answers, TimeProvider clock)
{
    /// <summary>Headers first, then the shape, then the command. What is malformed leaves nothing behind.</summary>
    /// <param name="keyRequired">True for everything that moves money.</param>
    /// <param name="read">The command with the key given, or what is wrong with the request.</param>
    /// <param name="inOneSpelling">The context of a command that is malformed but may have been answered before, where that can be spelled
    /// in more than one way.</param>
    public async Task<IResult> HttpAsync<TCommand>(
        HttpContext http,
        bool keyRequired,
        CommandShape<TCommand> shape,
        Func<string, (TCommand? Command, Refusal? Problem)> read,
        Func<TCommand, CommandContext, CancellationToken, Task<Outcome>> run,
        Func<TCommand, CommandContext, CancellationToken, Task<CommandContext>>? inOneSpelling = null)
        where TCommand : class
    {
        ArgumentNullException.ThrowIfNull(http);
        ArgumentNullException.ThrowIfNull(shape);
        ArgumentNullException.ThrowIfNull(read);
        var (context, problem) = CommandRequest.Read(http, clock, keyRequired);
        TCommand? command = null;
        if (context is not null)
        {
            (command, var unfit) = read(context.IdempotencyKey);
            command = command is null ? null : shape.Kept(command);
            problem ??= unfit ?? shape.Check(command!);
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

        // A caller who hangs up does not stop the command: half the world's retries begin that way, and the key finds the answer.
        var running = inFlight.Run(context.ReceiptId, () => run(command!, context, CancellationToken.None));
        return running is null
            ? new OutcomeResult(GroupOutcomes.InProgress(context))
            : new OutcomeResult(await running.WaitAsync(http.RequestAborted));
    }

    /// <summary>
    /// From the bus. What was recorded is an answer, a refusal too; what was not is thrown, so that the message is retried or kept
    /// as a dead letter and never vanishes.
    /// </summary>
    /// <exception cref="CommandRejectedException">The command cannot be decided, now or later.</exception>
    /// <exception cref="CommandPostponedException">It could not be decided just now.</exception>
    public async Task<Outcome> BusAsync<TCommand>(
        TCommand command,
        Envelope envelope,
        CommandShape<TCommand> shape,
        Func<TCommand, CommandContext, CancellationToken, Task<Outcome>> run,
        CancellationToken ct,
        Func<TCommand, CommandContext, CancellationToken, Task<CommandContext>>? inOneSpelling = null)
        where TCommand : class
    {
        ArgumentNullException.ThrowIfNull(shape);
        ArgumentNullException.ThrowIfNull(run);
        var sent = command;
        command = shape.Kept(sent);
        var (code, text) = shape.Reason(command);
        if (!CommandContext.IsKey(shape.CommandId(command)))
        {
            throw new CommandRejectedException(
                "command_id_missing",
                $"A command on the bus carries a CommandId of 1 to {CommandContext.LongestKey} printable ASCII characters.");
        }

        if (CommandMessage.ActorProblem(envelope) is { } unfit)
        {
            throw new CommandRejectedException(unfit.Code, unfit.Detail);
        }

        var context = CommandMessage.Read(envelope, shape.Name, shape.CommandId(command), sent, command, code, text);
        try
        {
            if ((CommandMessage.CorrelationProblem(envelope) ?? shape.Check(command)) is not { } problem)
            {
                return CommandMessage.Answer(await run(command, context, ct));
            }

            context = inOneSpelling is null ? context : await inOneSpelling(command, context, ct);
            return await answers.FindAsync(context, ct) ?? throw new CommandRejectedException(problem.Code, problem.Detail);
        }
        catch (Exception failure) when (failure is OperationCanceledException || Failures.IsTransient(failure))
        {
            throw new CommandPostponedException("temporarily_unavailable", failure.Message);
        }
    }
}
