using System.ComponentModel.DataAnnotations;
using Banking.Commands.Decisions;
using Banking.EventStore.Json;
using Banking.Publishing.Publishers;
using Banking.Web.Http;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Banking.Publishing.Outbox;

/// <summary>Pauses or releases publication.</summary>
/// <param name="Type">One type of published event, such as banking.account.money-deposited.v1; all types when left out.</param>
/// <param name="ReasonCode">The code of the reason: lower-case letters, digits, - and _.</param>
/// <param name="Reason">The reason in words.</param>
public sealed record DestinationPauseRequest(
    string? Type = null,
    [property: Required, StringLength(50, MinimumLength = 1), RegularExpression("^[a-z0-9_-]+$")] string ReasonCode = "",
    [property: Required, StringLength(500, MinimumLength = 1)] string Reason = "");

public static class PauseDestinationEndpoint
{
    /// <summary>
    /// No event is lost. If only one type is paused, an account is blocked at its first event of that type, so that its events stay in
    /// order; other accounts are not affected.
    /// </summary>
    [WolverinePost("/ops/outbox/{destination}/hold", OperationId = "holdDestination")]
    [Tags("Operations")]
    [EndpointSummary("Pause publication to a destination, or of one event type to it")]
    [EndpointDescription("Pauses publication to a destination, or of one type of event to it. No event is lost.")]
    [Authorize(Policies.Operate)]
    [Problems("destination_not_found", "already_held", "unknown_type", "reason_required", "invalid_text")]
    [ProducesResponseType<OutboxState>(StatusCodes.Status200OK)]
    public static Task<IResult> Post(
        string destination,
        DestinationPauseRequest request,
        OutboxCommands commands,
        PublisherControl control,
        OutboxView view,
        HttpContext http) =>
        commands.RunAsync(destination, request.Type, request.ReasonCode, request.Reason, http, async action =>
            await control.PauseAsync(destination, request.Type, action, http.RequestAborted)
                ? TypedResults.Json(await view.LookAsync(http.RequestAborted), ApiJson.Options)
                : new ProblemResult(Refusal.Conflict(
                    "already_held", "This destination or type of event is already paused.", ("destination", destination))));
}

public static class ReleaseDestinationEndpoint
{
    [WolverinePost("/ops/outbox/{destination}/release", OperationId = "releaseDestination")]
    [Tags("Operations")]
    [EndpointSummary("Release publication to a destination, or of one event type to it")]
    [EndpointDescription("Ends a pause. The events that waited are delivered in order.")]
    [Authorize(Policies.Operate)]
    [Problems("destination_not_found", "not_held", "unknown_type", "reason_required", "invalid_text")]
    [ProducesResponseType<OutboxState>(StatusCodes.Status200OK)]
    public static Task<IResult> Post(
        string destination,
        DestinationPauseRequest request,
        OutboxCommands commands,
        PublisherControl control,
        OutboxView view,
        HttpContext http) =>
        commands.RunAsync(destination, request.Type, request.ReasonCode, request.Reason, http, async action =>
            await control.ReleaseAsync(destination, request.Type, action, http.RequestAborted)
                ? TypedResults.Json(await view.LookAsync(http.RequestAborted), ApiJson.Options)
                : new ProblemResult(Refusal.Conflict(
                    "not_held", "This destination or type of event is not paused.", ("destination", destination))));
}
