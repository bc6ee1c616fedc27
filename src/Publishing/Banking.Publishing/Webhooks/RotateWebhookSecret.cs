using Banking.Commands.Decisions;
using Banking.Web.Http;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Banking.Publishing.Webhooks;

/// <summary>Another secret for an endpoint.</summary>
/// <param name="GraceHours">How long the old one signs too: 0, where somebody has got hold of it, to 720; 24 when left out.</param>
public sealed record RotateWebhookSecretRequest(int GraceHours = 24);

public static class RotateWebhookSecretEndpoint
{
    private const int LongestGrace = 720;

    /// <summary>Until the grace is over each delivery is signed with both, so that the endpoint may change over when it likes.</summary>
    [WolverinePost("/v1/webhooks/{webhook}/secret/rotate")]
    [HonoursIfMatch]
    [Tags("Webhooks")]
    [EndpointSummary("Give an endpoint another secret")]
    [Authorize(Policies.ManageWebhooks)]
    [ProducesResponseType<WebhookView>(StatusCodes.Status200OK)]
    public static Task<IResult> Post(string webhook, RotateWebhookSecretRequest request, WebhookCommands desk, HttpContext http) =>
        desk.ChangeAsync(
            http,
            new CommandShape<RotateWebhookSecretRequest>(
                "publishing.rotate-webhook-secret.v1",
                _ => "",
                _ => (null, null),
                r =>
                    r.GraceHours is >= 0 and <= LongestGrace
                        ? null
                        : Problems.Malformed("malformed_grace", $"graceHours is 0 to {LongestGrace}.", "#/graceHours", status: 422)),
            request,
            webhook,
            url: null,
            (found, secret, eventId, now) => Decide(request, found, secret, eventId, now));

    internal static Decision Decide(
        RotateWebhookSecretRequest request, Webhook webhook, WebhookSecret secret, Guid eventId, DateTimeOffset now) =>
        // The old one was promised to sign until then, and there is room for one: who cannot wait gives no grace, and both stop at once.
        request.GraceHours > 0
        && webhook.OldSecretUntil is { } until
        && until > now
            ? new Decision.Refused(
                Refusal.Of(
                    "rotation_under_way",
                    409,
                    "The secret before this one still signs; wait until its grace is over, or rotate without one.",
                    ("until", until)))
            : new Decision.Accepted(
                new NewEvent(webhook.Id, eventId, new WebhookSecretRotated(secret.Id, now.AddHours(request.GraceHours), now)))
            {
                Documents = [secret],
                Due =
                    request.GraceHours == 0
                        ? []
                        :
                        [
                            new(
                                eventId,
                                EndWebhookGrace.Operation,
                                now.AddHours(request.GraceHours),
                                new EndWebhookGrace(webhook.Id, webhook.Secret)),
                        ],
            };
}
