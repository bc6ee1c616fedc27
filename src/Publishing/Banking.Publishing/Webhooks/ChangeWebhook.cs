using Banking.Commands.Decisions;
using Banking.Web.Http;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Banking.Publishing.Webhooks;

/// <summary>What an endpoint is from here on: the whole of it, so that a filter left out is none.</summary>
/// <param name="Url">Where to: https, a public address.</param>
/// <param name="Types">Types of published event; all of them when left out.</param>
/// <param name="Accounts">Accounts, acc_…; all of them when left out.</param>
/// <param name="Description">What it is for.</param>
public sealed record ChangeWebhookRequest(
    string Url, IReadOnlyList<string>? Types = null, IReadOnlyList<string>? Accounts = null, string? Description = null);

public static class ChangeWebhookEndpoint
{
    /// <summary>
    /// It goes on where it is in the log: what its new filter lets through and the old one did not is told from here on, not from the
    /// beginning.
    /// </summary>
    [WolverinePost("/v1/webhooks/{webhook}/change")]
    [HonoursIfMatch]
    [Tags("Webhooks")]
    [EndpointSummary("Change where an endpoint is and what it gets")]
    [Authorize(Policies.ManageWebhooks)]
    [ProducesResponseType<WebhookView>(StatusCodes.Status200OK)]
    public static Task<IResult> Post(string webhook, ChangeWebhookRequest request, WebhookCommands desk, HttpContext http) => desk.ChangeAsync(
        http,
        new CommandShape<ChangeWebhookRequest>(
            "publishing.change-webhook.v1", _ => "", _ => (null, null), r => desk.Problem(r.Types, r.Accounts, r.Description)),
        request, webhook, request.Url, (found, _, eventId, now) => Decide(request, found, eventId, now));

    internal static Decision Decide(ChangeWebhookRequest request, Webhook webhook, Guid eventId, DateTimeOffset now) =>
        new Decision.Accepted(new NewEvent(webhook.Id, eventId, new WebhookRedirected(
            request.Url, Webhook.Join(request.Types), Webhook.Join(request.Accounts), request.Description, now)));
}
