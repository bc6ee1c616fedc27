using Banking.Commands.Decisions;
using Banking.Web.Commands;
using Banking.Web.Http;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Banking.Publishing.Webhooks;

/// <summary>The new settings of an endpoint. They replace all former settings: a filter that is left out is removed.</summary>
/// <param name="Url">The address: https, with a public address.</param>
/// <param name="Types">Types of published events; all types when left out.</param>
/// <param name="Accounts">Accounts, acc_…; all accounts when left out.</param>
/// <param name="Description">The purpose of the endpoint.</param>
public sealed record ChangeWebhookRequest(
    string Url, IReadOnlyList<string>? Types = null, IReadOnlyList<string>? Accounts = null, string? Description = null);

public static class ChangeWebhookEndpoint
{
    /// <summary>
    /// The endpoint keeps its position in the log: events that only the new filter lets through are delivered from now on, not from the
    /// beginning.
    /// </summary>
    [WolverinePost("/v1/webhooks/{webhook}/change", OperationId = "changeWebhook")]
    [RunsCommand]
    [HonoursIfMatch]
    [Tags("Webhooks")]
    [EndpointSummary("Change the address and filters of a webhook endpoint")]
    [EndpointDescription("Replaces the address and the filters of a webhook endpoint. It keeps its position in the log.")]
    [Authorize(Policies.ManageWebhooks)]
    [Problems(
        "webhook_not_found", "webhook_removed", "malformed_url", "webhook_address_not_allowed", "empty_list", "unknown_name",
        "invalid_text", "overloaded")]
    [ProducesResponseType<WebhookView>(StatusCodes.Status200OK)]
    public static Task<IResult> Post(
        string webhook, ChangeWebhookRequest request, WebhookCommands commands, HttpContext http) => commands.ChangeAsync(
        http,
        new CommandShape<ChangeWebhookRequest>(
            "publishing.change-webhook.v1", _ => "", _ => (null, null), r => commands.Problem(r.Types, r.Accounts, r.Description)),
        request, webhook, request.Url, (found, _, eventId, now) => Decide(request, found, eventId, now));

    internal static Decision Decide(ChangeWebhookRequest request, Webhook webhook, Guid eventId, DateTimeOffset now) =>
        new Decision.Accepted(new NewEvent(webhook.Id, eventId, new WebhookRedirected(
            request.Url, Webhook.Join(request.Types), Webhook.Join(request.Accounts), request.Description, now)));
}
