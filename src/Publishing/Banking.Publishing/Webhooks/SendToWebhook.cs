using System.Text.Json;
using Banking.Commands.Decisions;
using Banking.EventStore.Appending;
using Banking.EventStore.Json;
using Banking.Publishing.Log;
using Banking.Publishing.Publishers;
using Banking.SharedKernel;
using Banking.Web.Http;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Banking.Publishing.Webhooks;

/// <summary>The event to send again.</summary>
/// <param name="EventId">The id of the event, evt_….</param>
public sealed record ResendRequest(string EventId);

/// <summary>A test event.</summary>
/// <param name="Note">A note in the event, to tell one test from another.</param>
public sealed record TestWebhookRequest(string? Note = null);

/// <summary>The result of one delivery attempt.</summary>
/// <param name="EventId">The event that was sent.</param>
/// <param name="Taken">Whether the endpoint accepted the event with any 2xx status.</param>
/// <param name="Status">The status of the endpoint's answer; absent without an answer.</param>
/// <param name="Text">The beginning of the answer, or the reason why there was none.</param>
/// <param name="Milliseconds">The duration of the attempt.</param>
public sealed record AttemptView(string EventId, bool Taken, int? Status, string Text, long Milliseconds);

public static class ResendToWebhookEndpoint
{
    /// <summary>
    /// Makes one attempt at once, independent of ongoing deliveries. An endpoint that already processed the event recognises its id.
    /// </summary>
    [WolverinePost("/v1/webhooks/{webhook}/resend", OperationId = "resendToWebhook")]
    [Tags("Webhooks")]
    [EndpointSummary("Send an event to a webhook endpoint again and get its answer")]
    [EndpointDescription("Sends an event to a webhook endpoint again and gives its answer.")]
    [Authorize(Policies.ManageWebhooks)]
    [Problems("webhook_not_found", "webhook_removed", "event_not_found", "event_not_wanted", "not_delivered_yet")]
    [ProducesResponseType<AttemptView>(StatusCodes.Status200OK)]
    public static Task<IResult> Post(
        string webhook,
        ResendRequest request,
        WebhookCommands commands,
        WebhookSource source,
        PublicLog log,
        PublisherStore publishers,
        BlockedAccounts blocked,
        HttpContext http) => SingleDelivery.RunAsync(webhook, commands, source, http, async (found, destination) =>
        {
            if (!PublicId.TryParse("evt", request.EventId, out var id) || await log.FindAsync(id, http.RequestAborted) is not { } e)
            {
                var unknown = Refusal.NotFound("event_not_found", "No such event is published.") with { Pointer = "#/eventId" };
                return (null, null, default, unknown);
            }

            if (!destination.Wants(e))
            {
                return (null, null, default, Refusal.RuleBroken(
                    "event_not_wanted", "The filters of the endpoint exclude this event.",
                    ("eventType", e.Type), ("account", e.Subject)));
            }

            // Sending again comes after the first delivery: sent earlier, the event would overtake earlier events of its account.
            return await IsDeliveredAsync(found, e, publishers, blocked, http.RequestAborted)
                ? (e.Id, e.Epoch, e.Json, null)
                : (null, null, default, Refusal.Conflict(
                    "not_delivered_yet",
                    "The event was not delivered to this endpoint yet; it will be delivered in order.",
                    ("position", e.Position)));
        });

    private static async Task<bool> IsDeliveredAsync(
        Webhook webhook, PublicEvent e, PublisherStore publishers, BlockedAccounts blocked, CancellationToken ct) =>
        (await publishers.FindAsync(webhook.Destination, ct))?.Position >= e.Position
        && !await blocked.IsBlockedAsync(webhook.Destination, e, ct);
}

public static class TestWebhookEndpoint
{
    private const int MaxNoteLength = 200;

    [WolverinePost("/v1/webhooks/{webhook}/test", OperationId = "testWebhook")]
    [Tags("Webhooks")]
    [EndpointSummary("Send a signed test event to a webhook endpoint and get its answer")]
    [EndpointDescription("Sends a signed test event to a webhook endpoint and gives its answer.")]
    [Authorize(Policies.ManageWebhooks)]
    [Problems("webhook_not_found", "webhook_removed", "invalid_text")]
    [ProducesResponseType<AttemptView>(StatusCodes.Status200OK)]
    public static Task<IResult> Post(
        string webhook,
        TestWebhookRequest request,
        WebhookCommands commands,
        WebhookSource source,
        PublicationSettings publication,
        TimeProvider clock,
        HttpContext http) => PlainText.Problem(request.Note, MaxNoteLength) is { } why
        ? Task.FromResult<IResult>(new ProblemResult(Refusal.Invalid("invalid_text", why, "#/note")))
        : SingleDelivery.RunAsync(webhook, commands, source, http, (found, _) =>
        {
            var id = PublicId.Format("evt", Ids.Next(clock));
            return Task.FromResult<(string?, string?, ReadOnlyMemory<byte>, Refusal?)>(
                (id, null, WriteTestEvent(found, id, request.Note, publication.Source, clock.GetUtcNow()), null));
        });

    /// <summary>A test event is not in the log and has no position.</summary>
    internal static byte[] WriteTestEvent(Webhook webhook, string id, string? note, string source, DateTimeOffset now) =>
        JsonSerializer.SerializeToUtf8Bytes(
            new
            {
                specversion = "1.0",
                id,
                source,
                type = "banking.webhook.test.v1",
                subject = webhook.PublicName,
                time = now,
                datacontenttype = "application/json",
                data = new { webhook = webhook.PublicName, note },
            },
            ApiJson.Options);
}

internal static class SingleDelivery
{
    public static async Task<IResult> RunAsync(
        string webhook, WebhookCommands commands, WebhookSource source, HttpContext http,
        Func<Webhook, WebhookDestination, Task<(string? Id, string? Epoch, ReadOnlyMemory<byte> Body, Refusal? Problem)>> choose)
    {
        if (await commands.FindAsync(webhook, http.RequestAborted) is not { } found)
        {
            return new ProblemResult(WebhookCommands.NotFound);
        }

        if (found.RemovedAt is not null)
        {
            return new ProblemResult(WebhookCommands.Removed(found));
        }

        await using var destination = await source.OpenAsync(found, http.RequestAborted);
        var (id, epoch, body, problem) = await choose(found, destination);
        if (problem is not null)
        {
            return new ProblemResult(problem);
        }

        var answer = await destination.SendAsync(id!, epoch, body, http.RequestAborted);
        return TypedResults.Json(
            new AttemptView(id!, answer.IsTaken, answer.Status, answer.Text, (long)answer.Took.TotalMilliseconds), ApiJson.Options);
    }
}
