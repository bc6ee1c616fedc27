using Banking.Commands.Decisions;
using Banking.EventStore.Json;
using Banking.Publishing.Publishers;
using Banking.Web.Http;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Banking.Publishing.Outbox;

/// <summary>Holds publication, or lets it go on where it stopped.</summary>
/// <param name="Type">One type of published event, such as banking.account.money-deposited.v1; all of them when left out.</param>
/// <param name="ReasonCode">Lower-case letters, digits, - and _.</param>
/// <param name="Reason">Why, in words.</param>
public sealed record HoldRequest(string? Type = null, string ReasonCode = "", string Reason = "");

public static class HoldDestinationEndpoint
{
    /// <summary>
    /// Nothing is lost. Held one type only, accounts stop where they meet it, so that theirs stays in order, and all other accounts go on.
    /// </summary>
    [WolverinePost("/ops/outbox/{destination}/hold")]
    [Tags("Operations")]
    [EndpointSummary("Hold publication to a destination, or of one type of event to it")]
    [Authorize(Policies.Operate)]
    [ProducesResponseType<OutboxState>(StatusCodes.Status200OK)]
    public static Task<IResult> Post(
        string destination, HoldRequest request, OutboxCommands desk, PublisherControl control, OutboxView view, HttpContext http) =>
        desk.RunAsync(destination, request.Type, request.ReasonCode, request.Reason, http, async action =>
            await control.HoldAsync(destination, request.Type, action, http.RequestAborted)
                ? TypedResults.Json(await view.LookAsync(http.RequestAborted), ApiJson.Options)
                : new ProblemResult(Refusal.Of("already_held", 409, "That is held already.", ("destination", destination))));
}

public static class ReleaseDestinationEndpoint
{
    [WolverinePost("/ops/outbox/{destination}/release")]
    [Tags("Operations")]
    [EndpointSummary("Let publication go on where it was held")]
    [Authorize(Policies.Operate)]
    [ProducesResponseType<OutboxState>(StatusCodes.Status200OK)]
    public static Task<IResult> Post(
        string destination, HoldRequest request, OutboxCommands desk, PublisherControl control, OutboxView view, HttpContext http) =>
        desk.RunAsync(destination, request.Type, request.ReasonCode, request.Reason, http, async action =>
            await control.ReleaseAsync(destination, request.Type, action, http.RequestAborted)
                ? TypedResults.Json(await view.LookAsync(http.RequestAborted), ApiJson.Options)
                : new ProblemResult(Refusal.Of("not_held", 409, "That is not held.", ("destination", destination))));
}
