using System.ComponentModel.DataAnnotations;
using Banking.Commands.Decisions;
using Banking.Web.Commands;
using Banking.Web.Http;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Banking.Publishing.Webhooks;

/// <summary>The removal of a webhook endpoint.</summary>
/// <param name="ReasonCode">The code of the reason: lower-case letters, digits, - and _.</param>
/// <param name="Reason">The reason in words.</param>
public sealed record RemoveWebhookRequest(
    [property: Required, StringLength(50, MinimumLength = 1), RegularExpression("^[a-z0-9_-]+$")] string ReasonCode = "",
    [property: Required, StringLength(500, MinimumLength = 1)] string Reason = "");

public static class RemoveWebhookEndpoint
{
    /// <summary>
    /// The removal is final: the endpoint's checkpoint and its blocked accounts are deleted. Delivery stops within two seconds.
    /// </summary>
    [WolverinePost("/v1/webhooks/{webhook}/remove", OperationId = "removeWebhook")]
    [RunsCommand]
    [HonoursIfMatch]
    [Tags("Webhooks")]
    [EndpointSummary("Remove a webhook endpoint")]
    [EndpointDescription("Removes a webhook endpoint for ever.")]
    [Authorize(Policies.ManageWebhooks)]
    [Problems("webhook_not_found", "webhook_removed", "reason_required", "invalid_text", "overloaded")]
    [ProducesResponseType<WebhookView>(StatusCodes.Status200OK)]
    public static Task<IResult> Post(
        string webhook, RemoveWebhookRequest request, WebhookCommands commands, HttpContext http) => commands.ChangeAsync(
        http,
        new CommandShape<RemoveWebhookRequest>(
            "publishing.remove-webhook.v1", _ => "", r => (r.ReasonCode, r.Reason), r => Reasons.Problem(r.ReasonCode, r.Reason)),
        request, webhook, url: null, (found, _, eventId, now) => Decide(found, eventId, now));

    internal static Decision Decide(Webhook webhook, Guid eventId, DateTimeOffset now) =>
        new Decision.Accepted(new NewEvent(webhook.Id, eventId, new WebhookRemoved(now)));
}
