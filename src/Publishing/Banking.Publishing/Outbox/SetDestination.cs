using System.ComponentModel.DataAnnotations;
using Banking.Commands.Decisions;
using Banking.EventStore.Json;
using Banking.EventStore.Log;
using Banking.Publishing.Publishers;
using Banking.Web.Http;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Banking.Publishing.Outbox;

/// <summary>Sets the checkpoint of a destination.</summary>
/// <param name="Position">Events after this position are delivered; 0 for the whole log.</param>
/// <param name="ReasonCode">The code of the reason: lower-case letters, digits, - and _.</param>
/// <param name="Reason">The reason in words.</param>
public sealed record SetDestinationRequest(
    long Position,
    [property: Required, StringLength(50, MinimumLength = 1), RegularExpression("^[a-z0-9_-]+$")] string ReasonCode = "",
    [property: Required, StringLength(500, MinimumLength = 1)] string Reason = "");

public static class SetDestinationEndpoint
{
    /// <summary>
    /// For a consumer that lost its data, or that must skip events. Events of accounts that were blocked after the position are delivered
    /// like all others.
    /// </summary>
    [WolverinePost("/ops/outbox/{destination}/position", OperationId = "setDestinationPosition")]
    [Tags("Operations")]
    [EndpointSummary("Set the position from which the log is delivered to a destination")]
    [EndpointDescription("Sets the position from which the log is delivered to a destination, backward or forward.")]
    [Authorize(Policies.Operate)]
    [Problems("destination_not_found", "malformed_position", "position_beyond_end", "reason_required", "invalid_text")]
    [ProducesResponseType<OutboxState>(StatusCodes.Status200OK)]
    public static Task<IResult> Post(
        string destination,
        SetDestinationRequest request,
        OutboxCommands commands,
        PublisherControl control,
        OutboxView view,
        LogEnd log,
        HttpContext http) => commands.RunAsync(destination, null, request.ReasonCode, request.Reason, http, async action =>
        {
            if (await FindProblemAsync(request.Position, log, http.RequestAborted) is { } problem)
            {
                return new ProblemResult(problem);
            }

            await control.SetAsync(destination, request.Position, action, http.RequestAborted);
            return TypedResults.Json(await view.LookAsync(http.RequestAborted), ApiJson.Options);
        });

    internal static async Task<Refusal?> FindProblemAsync(long position, LogEnd log, CancellationToken ct) => position < 0
        ? Refusal.Invalid("malformed_position", "position must be 0 or a position of the log.", "#/position")
        : PositionBeyondEnd.Problem("position", position, await log.ReadAsync(ct), "#/position");
}
