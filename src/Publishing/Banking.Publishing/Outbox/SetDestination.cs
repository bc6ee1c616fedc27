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

/// <summary>Has the log delivered from another place on.</summary>
/// <param name="Position">Everything after this position: 0 for all there ever was.</param>
/// <param name="ReasonCode">Lower-case letters, digits, - and _.</param>
/// <param name="Reason">Why, in words.</param>
public sealed record SetDestinationRequest(long Position, string ReasonCode = "", string Reason = "");

public static class SetDestinationEndpoint
{
    /// <summary>
    /// For a consumer that lost what it had, or never wants what is behind it. What waited behind the place is delivered like the rest.
    /// </summary>
    [WolverinePost("/ops/outbox/{destination}/position")]
    [Tags("Operations")]
    [EndpointSummary("Deliver the log to a destination from another place on, again and in order")]
    [Authorize(Policies.Operate)]
    [ProducesResponseType<OutboxState>(StatusCodes.Status200OK)]
    public static Task<IResult> Post(
        string destination,
        SetDestinationRequest request,
        OutboxCommands desk,
        PublisherControl control,
        OutboxView view,
        LogEnd log,
        HttpContext http) => desk.RunAsync(destination, null, request.ReasonCode, request.Reason, http, async action =>
        {
            var problem = request.Position < 0
                ? Problems.Malformed("malformed_position", "position is 0 or a position of the log.", "#/position", status: 422)
                : PositionBeyondEnd.Problem("position", request.Position, await log.ReadAsync(http.RequestAborted), "#/position");
            if (problem is not null)
            {
                return new ProblemResult(problem);
            }

            await control.SetAsync(destination, request.Position, action, http.RequestAborted);
            return TypedResults.Json(await view.LookAsync(http.RequestAborted), ApiJson.Options);
        });
}
