using Banking.Commands.Groups;
using Banking.EventStore.Json;
using Banking.Publishing.Outbox;
using Banking.SharedKernel;
using Banking.Web.Http;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Banking.Publishing.Webhooks;

/// <summary>An endpoint as shown.</summary>
/// <param name="Types">Types of published event; absent for all.</param>
/// <param name="Accounts">Accounts; absent for all.</param>
/// <param name="From">The position of the log after which it gets events.</param>
/// <param name="OldSecretUntil">Until when the secret before the last rotation signs too; absent where none does.</param>
/// <param name="Delivery">How delivery is doing; absent in answers to commands, and for a moment after the registration.</param>
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
    [WolverineGet("/v1/webhooks")]
    [PageParameters]
    [Tags("Webhooks")]
    [EndpointSummary("List endpoints that get events, with how delivery is doing")]
    [Authorize(Policies.ManageWebhooks)]
    [ListsFrom(WebhookOverviews.ModelName)]
    [ProducesResponseType<Page<WebhookView>>(StatusCodes.Status200OK)]
    public static async Task<IResult> Get(StateReader<Webhook> states, OutboxView outbox, TimeProvider clock, HttpContext http)
    {
        var (paging, problem) = Paging.Read(http.Request);
        var after = Guid.Empty;
        if (problem is null && paging!.After is not null && !Exact.TryId(paging.After, out after))
        {
            problem = Paging.Malformed;
        }

        if (problem is not null)
        {
            return new ProblemResult(problem);
        }

        var webhooks = await states.ListAsync<WebhookOverview>(Webhook.NotRemoved, after, paging!.Limit + 1, http.RequestAborted);
        var page = Page<Webhook>.Of(webhooks, paging.Limit, w => w.Id.ToString("N"));
        var state = (await outbox.LookAsync(http.RequestAborted)).Items.ToDictionary(d => d.Name);
        return TypedResults.Json(
            new Page<WebhookView>(
                [
                    .. page.Items.Select(w =>
                        WebhookView.Of(w, clock.GetUtcNow()) with
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
    [WolverineGet("/v1/webhooks/{webhook}")]
    [Tags("Webhooks")]
    [EndpointSummary("Get an endpoint, with how delivery is doing")]
    [Authorize(Policies.ManageWebhooks)]
    [ProducesResponseType<WebhookView>(StatusCodes.Status200OK)]
    public static async Task<IResult> Get(string webhook, WebhookCommands desk, OutboxView outbox, TimeProvider clock, HttpContext http)
    {
        if (await desk.FindAsync(webhook, http.RequestAborted) is not { } found)
        {
            return new ProblemResult(WebhookCommands.NotFound);
        }

        var state = await outbox.LookAsync(http.RequestAborted);
        // Not its version as an ETag: the delivery it shows goes on while the endpoint stays what it is.
        return TypedResults.Json(
            WebhookView.Of(found, clock.GetUtcNow()) with
            {
                Delivery = state.Items.FirstOrDefault(d => d.Name == found.Destination),
            },
            ApiJson.Options);
    }
}
