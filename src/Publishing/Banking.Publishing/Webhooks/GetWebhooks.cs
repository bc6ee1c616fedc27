using Banking.Commands.Groups;
using Banking.EventStore.Json;
using Banking.Publishing.Outbox;
using Banking.Web.Http;
using Marten;
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
/// <param name="Unreadable">
/// The event of the webhook that cannot be read; absent otherwise. Until it can be, nothing is delivered to the webhook, and the other
/// members are as the list had them last.
/// </param>
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
    DestinationView? Delivery = null,
    UnreadableWebhookView? Unreadable = null)
{
    internal static WebhookView Of(Webhook w, DateTimeOffset now) => new(
        w.PublicName, w.Url, w.Types, w.Accounts, w.Description, w.From, w.RegisteredAt, w.RemovedAt,
        w.OldSecretUntil > now ? w.OldSecretUntil : null, w.Version);
}

/// <summary>An event that cannot be read.</summary>
/// <param name="EventId">Its id, evt_….</param>
/// <param name="Position">Its position in the log.</param>
public sealed record UnreadableWebhookView(string EventId, long Position);

public static class ListWebhooksEndpoint
{
    /// <summary>A webhook that cannot be read is listed as the overview has it: an operator must see it, and all others.</summary>
    [WolverineGet("/v1/webhooks", OperationId = "listWebhooks")]
    [PageParameters]
    [Tags("Webhooks")]
    [EndpointSummary("List webhook endpoints with their state of delivery")]
    [EndpointDescription("Lists webhook endpoints with the state of their delivery.")]
    [Authorize(Policies.ManageWebhooks)]
    [ListsFrom(WebhookOverviews.ModelName)]
    [ProducesResponseType<Page<WebhookView>>(StatusCodes.Status200OK)]
    public static async Task<IResult> Get(
        StateReader<Webhook> states, IQuerySession session, OutboxView outbox, TimeProvider clock, HttpContext http)
    {
        var (paging, after, problem) = Paging.ReadIds(http.Request, Guid.Empty);

        if (problem is not null)
        {
            return new ProblemResult(problem);
        }

        var (now, ct) = (clock.GetUtcNow(), http.RequestAborted);
        var page = Page<Guid>.Of(
            await states.ListIdsAsync<WebhookOverview>(Webhook.NotRemoved, after, paging!.Limit + 1, ct), paging, id => id.ToString("N"));
        // The overview has neither the secrets nor the end of a grace period.
        var (current, unreadable) = await states.FindReadableAsync(page.Items, ct);
        var overviews = unreadable.Count == 0 ? [] : await session.LoadManyAsync<WebhookOverview>(ct, [.. unreadable.Keys]);
        var views = current.ToDictionary(w => w.Key, w => WebhookView.Of(w.Value, now)).Concat(overviews.ToDictionary(
            o => o.Id,
            o => WebhookView.Of(o.WithoutSecrets(), now) with
            {
                Unreadable = new(unreadable[o.Id].EventId, unreadable[o.Id].Position),
            })).ToDictionary();
        var names = page.Items.Select(Webhook.DestinationOf).ToList();
        var state = (await outbox.LookAsync(ct, names)).Items.ToDictionary(d => d.Name);
        return TypedResults.Json(
            new Page<WebhookView>(
                [
                    .. from id in page.Items
                       where views.ContainsKey(id)
                       select views[id] with
                       {
                           Delivery = state.GetValueOrDefault(Webhook.DestinationOf(id)),
                       },
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
