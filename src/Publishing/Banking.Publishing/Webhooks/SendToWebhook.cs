using System.Text.Json;
using Banking.Commands.Decisions;
using Banking.EventStore.Appending;
using Banking.EventStore.Json;
using Banking.Publishing.Publishers;
using Banking.Publishing.Log;
using Banking.SharedKernel;
using Banking.Web.Http;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Banking.Publishing.Webhooks;

/// <summary>An event to be sent once more.</summary>
/// <param name="EventId">The event, evt_….</param>
public sealed record ResendRequest(string EventId);

/// <summary>An event that means nothing.</summary>
/// <param name="Note">Comes with it, so that one test is told from another.</param>
public sealed record TestWebhookRequest(string? Note = null);

/// <summary>What came of one attempt.</summary>
/// <param name="EventId">The event that was sent.</param>
/// <param name="Taken">Whether the endpoint took it: any 2xx.</param>
/// <param name="Status">What it answered with; absent where no answer came.</param>
/// <param name="Text">The beginning of its answer, or why none came.</param>
/// <param name="Milliseconds">How long that took.</param>
public sealed record AttemptView(string EventId, bool Taken, int? Status, string Text, long Milliseconds);

public static class ResendToWebhookEndpoint
{
    /// <summary>One attempt, now, whatever else is under way; an endpoint that knows the event's id will know that it has it.</summary>
    [WolverinePost("/v1/webhooks/{webhook}/resend")]
    [Tags("Webhooks")]
    [EndpointSummary("Send an event to an endpoint once more and see what it says")]
    [Authorize(Policies.ManageWebhooks)]
    [ProducesResponseType<AttemptView>(StatusCodes.Status200OK)]
    public static Task<IResult> Post(
        string webhook,
        ResendRequest request,
        WebhookCommands desk,
        WebhookSource source,
        PublicLog log,
        PublisherStore lanes,
        BlockedAccounts waiting,
        HttpContext http) => SendingOnce.RunAsync(webhook, desk, source, http, async (found, destination) => !PublicId.TryParse(
                "evt",
                request.EventId,
                out var id) || await log.FindAsync(id, http.RequestAborted) is not { } e
                ? (null, default, Refusal.Of("event_not_found", 404, "No such event is published.") with { Pointer = "#/eventId" })
            : !destination.Wants(e)
                ? (
                    null,
                    default,
                    Refusal.Of("event_not_wanted", 422, "The endpoint does not get such events.", ("type", e.Type), ("account", e.Subject)))
            // Once more is after the first time: ahead of its turn it would come before those that it follows.
            : !await HadAsync(found, e, lanes, waiting, http.RequestAborted)
                ? (
                    null,
                    default,
                    Refusal.Of(
                        "not_delivered_yet",
                        409,
                        "The event has not been delivered to this endpoint yet; it will be, in its turn.",
                        ("position", e.Position)))
            : (e.Id, e.Json, null));

    private static async Task<bool> HadAsync(
        Webhook webhook, PublicEvent e, PublisherStore lanes, BlockedAccounts waiting, CancellationToken ct) =>
        (await lanes.FindAsync(webhook.Destination, ct))?.Position >= e.Position
        && !await waiting.IsBehindAsync(webhook.Destination, e.Stream, e.Position, ct);
}

public static class TestWebhookEndpoint
{
    [WolverinePost("/v1/webhooks/{webhook}/test")]
    [Tags("Webhooks")]
    [EndpointSummary("Send a signed event that means nothing to an endpoint, and see what it says")]
    [Authorize(Policies.ManageWebhooks)]
    [ProducesResponseType<AttemptView>(StatusCodes.Status200OK)]
    public static Task<IResult> Post(
        string webhook,
        TestWebhookRequest request,
        WebhookCommands desk,
        WebhookSource source,
        PublicationSettings publication,
        TimeProvider clock,
        HttpContext http) => SendingOnce.RunAsync(webhook, desk, source, http, (found, _) =>
        {
            var id = PublicId.Format("evt", Ids.Next(clock));
            return Task.FromResult<(string?, ReadOnlyMemory<byte>, Refusal?)>(
                (id, Test(found, id, request.Note, publication.Source, clock.GetUtcNow()), null));
        });

    /// <summary>It is in no log and has no place in one.</summary>
    internal static byte[] Test(Webhook webhook, string id, string? note, string source, DateTimeOffset now) =>
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

internal static class SendingOnce
{
    public static async Task<IResult> RunAsync(
        string webhook, WebhookCommands desk, WebhookSource source, HttpContext http,
        Func<Webhook, WebhookDestination, Task<(string? Id, ReadOnlyMemory<byte> Body, Refusal? Problem)>> what)
    {
        if (await desk.FindAsync(webhook, http.RequestAborted) is not { } found)
        {
            return new ProblemResult(WebhookCommands.NotFound);
        }

        if (found.RemovedAt is not null)
        {
            return new ProblemResult(WebhookCommands.Removed(found));
        }

        await using var destination = await source.OpenAsync(found, new(), http.RequestAborted);
        var (id, body, problem) = await what(found, destination);
        if (problem is not null)
        {
            return new ProblemResult(problem);
        }

        var answer = await destination.SendAsync(id!, body, http.RequestAborted);
        return TypedResults.Json(
            new AttemptView(id!, answer.IsTaken, answer.Status, answer.Text, (long)answer.Took.TotalMilliseconds), ApiJson.Options);
    }
}
