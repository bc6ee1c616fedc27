using System.ComponentModel.DataAnnotations;
using Banking.Commands.Decisions;
using Banking.EventStore.Json;
using Banking.EventStore.Log;
using Banking.Publishing.Outbox;
using Banking.Publishing.Publishers;
using Banking.SharedKernel;
using Banking.Web.Commands;
using Banking.Web.Http;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Banking.Publishing.Webhooks;

/// <summary>Releases all webhooks that are paused for the same reason.</summary>
/// <param name="HeldReason">The reason of their pauses, as GET /ops/outbox shows it in held.reason.</param>
/// <param name="Position">Webhooks beyond this position continue after it; each continues where it was paused when left out.</param>
/// <param name="ReasonCode">The code of the reason for the release: lower-case letters, digits, - and _.</param>
/// <param name="Reason">The reason in words.</param>
public sealed record ReleaseWebhooksRequest(
    [property: Required, StringLength(OutboxCommands.MaxTextLength, MinimumLength = 1)] string HeldReason = "",
    long? Position = null,
    [property: Required, StringLength(50, MinimumLength = 1), RegularExpression("^[a-z0-9_-]+$")] string ReasonCode = "",
    [property: Required, StringLength(500, MinimumLength = 1)] string Reason = "");

/// <summary>The webhooks that were released.</summary>
/// <param name="Released">How many were released.</param>
/// <param name="Set">How many of them were set to the position of the request.</param>
/// <param name="Items">The names of the first hundred, as in GET /ops/outbox.</param>
public sealed record ReleasedWebhooksView(int Released, int Set, IReadOnlyList<string> Items);

public static class ReleaseWebhooksEndpoint
{
    /// <summary>After a new epoch each webhook of the bank is paused for the same reason, and there may be thousands.</summary>
    [WolverinePost("/ops/webhooks/release", OperationId = "releaseWebhooks")]
    [Tags("Operations")]
    [EndpointSummary("Release all webhooks that are paused for the same reason")]
    [EndpointDescription("Releases all webhooks that are paused for the given reason, and sets those beyond a position to it.")]
    [Authorize(Policies.Operate)]
    [Problems("not_held", "malformed_position", "position_beyond_end", "reason_required", "invalid_text")]
    [ProducesResponseType<ReleasedWebhooksView>(StatusCodes.Status200OK)]
    public static async Task<IResult> Post(ReleaseWebhooksRequest request, PublisherControl control, LogEnd log, HttpContext http)
    {
        var problem = PlainText.Problem(request.HeldReason, OutboxCommands.MaxTextLength) is { } why
            ? Refusal.Invalid("invalid_text", why, "#/pauseReason")
            : Reasons.Problem(request.ReasonCode, request.Reason);
        if (problem is null && request.Position is { } position)
        {
            problem = await SetDestinationEndpoint.FindProblemAsync(position, log, http.RequestAborted);
        }

        if (problem is not null)
        {
            return new ProblemResult(problem);
        }

        var released = await control.ReleaseAllAsync(
            WebhookSource.Kind, request.HeldReason, request.Position, OperatorRequest.Action(http, request.ReasonCode, request.Reason),
            http.RequestAborted);
        return released.Count == 0
            ? new ProblemResult(Refusal.Conflict("not_held", "No webhook is paused for this reason."))
            : TypedResults.Json(
                new ReleasedWebhooksView(released.Count, released.Count(r => r.IsSet), [.. released.Take(100).Select(r => r.Name)]),
                ApiJson.Options);
    }
}
