using Banking.Commands.Decisions;
using Banking.Web.Http;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Banking.Publishing.Webhooks;

/// <summary>An endpoint that is to get nothing more.</summary>
/// <param name="ReasonCode">Lower-case letters, digits, - and _.</param>
/// <param name="Reason">Why, in words.</param>
public sealed record RemoveWebhookRequest(string ReasonCode = "", string Reason = "");

public static class RemoveWebhookEndpoint
{
    /// <summary>For good: its place in the log is forgotten, and so is what waits for it. It stops within a second or two.</summary>
    [WolverinePost("/v1/webhooks/{webhook}/remove")]
    [HonoursIfMatch]
    [Tags("Webhooks")]
    [EndpointSummary("Remove an endpoint")]
    [Authorize(Policies.ManageWebhooks)]
    [ProducesResponseType<WebhookView>(StatusCodes.Status200OK)]
    public static Task<IResult> Post(string webhook, RemoveWebhookRequest request, WebhookCommands desk, HttpContext http) => desk.ChangeAsync(
        http,
        new CommandShape<RemoveWebhookRequest>(
            "publishing.remove-webhook.v1", _ => "", r => (r.ReasonCode, r.Reason), r => Reasons.Problem(r.ReasonCode, r.Reason)),
        request, webhook, url: null, (found, _, eventId, now) => Decide(found, eventId, now));

    internal static Decision Decide(Webhook webhook, Guid eventId, DateTimeOffset now) =>
        new Decision.Accepted(new NewEvent(webhook.Id, eventId, new WebhookRemoved(now)));
}
