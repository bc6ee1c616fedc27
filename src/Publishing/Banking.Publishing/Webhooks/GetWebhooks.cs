using Banking.Commands.Groups;
using Banking.EventStore.Json;
using Banking.Publishing.Outbox;
using Banking.Web.Http;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Banking.Publishing.Webhooks;

/// <summary>A webhook endpoint.</summary>
/// <param name="Types">Types of published events; absent for all types.</param>
/// <param name="Accounts">Accounts; absent for all accounts.</param>
/// <param name="From">Events after this position of the log are delivered.</param>
/// <param name="OldSecretUntil">The end of the grace period of the old secret, which also signs until then; absent if there is no old
/// secret.</param>
/// <param name="Delivery">The state of delivery; absent in answers to commands, and for a moment after the registration.</param>
public sealed record WebhookView(
    string Id,
    string Url,
    IReadOnlyList<string>? Types,
    IReadOnlyList<string>? Accounts,
    string? Description,
    long From,
    DateTimeOffset RegisteredAt,
    DateTimeOffset? RemovedAt,
    DateTimeOffset? OldSecretUntil,
    long Version,
    DestinationView? Delivery = null)
{
    internal static WebhookView Of(Webhook w, DateTimeOffset now) => new(
        w.PublicName, w.Url, w.Types, w.Accounts, w.Description, w.From, w.RegisteredAt, w.RemovedAt,
        w.OldSecretUntil > now ? w.OldSecretUntil : null, w.Version);
}

public static class ListWebhooksEndpoint
{
    [WolverineGet("/v1/webhooks", OperationId = "listWebhooks")]
    [PageParameters]
    [Tags("Webhooks")]
    [EndpointSummary("List webhook endpoints with their state of delivery")]
    [EndpointDescription("Lists webhook endpoints with the state of their delivery.")]
    [Authorize(Policies.ManageWebhooks)]
    [ListsFrom(WebhookOverviews.ModelName)]
    [ProducesResponseType<Page<WebhookView>>(StatusCodes.Status200OK)]
    public static async Task<IResult> Get(StateReader<Webhook> states, OutboxView outbox, TimeProvider clock, HttpContext http)
    {
        var (paging, after, problem) = Paging.ReadIds(http.Request, Guid.Empty);

        if (problem is not null)
        {
            return new ProblemResult(problem);
        }

        var webhooks = await states.ListAsync<WebhookOverview>(Webhook.NotRemoved, after, paging!.Limit + 1, http.RequestAborted);
        var page = Page<Webhook>.Of(webhooks, paging, w => w.Id.ToString("N"));
        // The overview has neither the secrets nor the end of a grace period.
        var current = await states.FindAsync([.. page.Items.Select(w => w.Id)], http.RequestAborted);
        var names = page.Items.Select(w => w.Destination).ToList();
        var state = (await outbox.LookAsync(http.RequestAborted, names)).Items.ToDictionary(d => d.Name);
        return TypedResults.Json(
            new Page<WebhookView>(
                [
                    .. page.Items.Select(w =>
                        WebhookView.Of(current.GetValueOrDefault(w.Id, w), clock.GetUtcNow()) with
                        {
                            Delivery = state.GetValueOrDefault(w.Destination),
                        }),
                ],
                page.NextCursor),
            ApiJson.Options);
    }
}

public static class GetWebhookEndpoint
{
    [WolverineGet("/v1/webhooks/{webhook}", OperationId = "getWebhook")]
    [Tags("Webhooks")]
    [EndpointSummary("Get a webhook endpoint with its state of delivery")]
    [EndpointDescription("Gets a webhook endpoint with the state of its delivery.")]
    [Authorize(Policies.ManageWebhooks)]
    [Problems("webhook_not_found")]
    [ProducesResponseType<WebhookView>(StatusCodes.Status200OK)]
    public static async Task<IResult> Get(string webhook, WebhookCommands commands, OutboxView outbox, TimeProvider clock, HttpContext http)
    {
        if (await commands.FindAsync(webhook, http.RequestAborted) is not { } found)
        {
            return new ProblemResult(WebhookCommands.NotFound);
        }

        var state = await outbox.LookAsync(http.RequestAborted, [found.Destination]);
        // No ETag: the delivery state changes while the endpoint's version stays the same.
        return TypedResults.Json(
            WebhookView.Of(found, clock.GetUtcNow()) with
            {
                Delivery = state.Items.SingleOrDefault(),
            },
            ApiJson.Options);
    }
}
