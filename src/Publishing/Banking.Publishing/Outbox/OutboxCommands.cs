using Banking.Commands.Decisions;
using Banking.Commands.Operators;
using Banking.EventStore.Published;
using Banking.Publishing.Publishers;
using Banking.SharedKernel;
using Banking.Web.Commands;
using Banking.Web.Http;
using Microsoft.AspNetCore.Http;

namespace Banking.Publishing.Outbox;

/// <summary>Checks and runs the commands of operators on destinations.</summary>
public sealed class OutboxCommands(PublisherStore store, PublicContracts contracts)
{
    /// <summary>The maximum length of a filter text; longer than any name or cause.</summary>
    public const int MaxTextLength = 500;

    public static Refusal NotFound(string destination) =>
        Refusal.NotFound("destination_not_found", "There is no such destination.", ("destination", destination));

    /// <summary>Runs the command, or answers with the problem of the request.</summary>
    public async Task<IResult> RunAsync(
        string destination, string? type, string reasonCode, string reason, HttpContext http, Func<OperatorAction, Task<IResult>> run)
    {
        if (PlainText.Problem(destination, MaxTextLength) is not null || await store.FindAsync(destination, http.RequestAborted) is null)
        {
            return new ProblemResult(NotFound(destination));
        }

        if (type is not null && !contracts.IsKnown(type))
        {
            return new ProblemResult(
                Refusal.Invalid(
                    "unknown_type", "There is no such type of published event; /asyncapi.json lists them.", "#/type"));
        }

        return Reasons.Problem(reasonCode, reason) is { } problem
            ? new ProblemResult(problem)
            : await run(OperatorRequest.Action(http, reasonCode, reason));
    }
}
