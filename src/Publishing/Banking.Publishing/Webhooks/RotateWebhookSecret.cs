using Banking.Commands.Decisions;
using Banking.Web.Commands;
using Banking.Web.Http;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Banking.Publishing.Webhooks;

/// <summary>A rotation of an endpoint's signing secret.</summary>
/// <param name="GraceHours">The hours for which the old secret also signs: 0 to 720; 24 when left out. Use 0 if the old secret was
/// disclosed.</param>
public sealed record RotateWebhookSecretRequest(int GraceHours = 24);

public static class RotateWebhookSecretEndpoint
{
    private const int MaxGraceHours = 720;

    /// <summary>During the grace period each delivery is signed with both secrets, so that the receiver can switch at any time.</summary>
    [WolverinePost("/v1/webhooks/{webhook}/secret/rotate", OperationId = "rotateWebhookSecret")]
    [RunsCommand]
    [HonoursIfMatch]
    [Tags("Webhooks")]
    [EndpointSummary("Rotate the signing secret of a webhook endpoint")]
    [EndpointDescription("Gives a webhook endpoint a new secret. The old one signs as well until its grace period ends.")]
    [Authorize(Policies.ManageWebhooks)]
    [Problems("webhook_not_found", "webhook_removed", "rotation_under_way", "malformed_grace", "overloaded")]
    [ProducesResponseType<WebhookView>(StatusCodes.Status200OK)]
    public static Task<IResult> Post(string webhook, RotateWebhookSecretRequest request, WebhookCommands commands, HttpContext http) =>
        commands.ChangeAsync(
            http,
            new CommandShape<RotateWebhookSecretRequest>(
                "publishing.rotate-webhook-secret.v1",
                _ => "",
                _ => (null, null),
                r =>
                    r.GraceHours is >= 0 and <= MaxGraceHours
                        ? null
                        : Refusal.Invalid("malformed_grace", $"graceHours must be 0 to {MaxGraceHours}.", "#/graceHours")),
            request,
            webhook,
            url: null,
            (found, secret, eventId, now) => Decide(request, found, secret, eventId, now));

    internal static Decision Decide(
        RotateWebhookSecretRequest request, Webhook webhook, WebhookSecret secret, Guid eventId, DateTimeOffset now) =>
        // Only one old secret is kept, and it signs until its grace period ends. A rotation without a grace period ends it at once.
        request.GraceHours > 0
        && webhook.OldSecretUntil is { } until
        && until > now
            ? new Decision.Refused(
                Refusal.Conflict(
                    "rotation_under_way",
                    "The former secret still signs; wait until its grace period ends, or rotate with graceHours 0.",
                    ("until", until)))
            : new Decision.Accepted(
                new NewEvent(webhook.Id, eventId, new WebhookSecretRotated(secret.Id, now.AddHours(request.GraceHours), now)))
            {
                Documents = [secret],
                Due = request.GraceHours == 0
                    ? []
                    : [EndWebhookGrace.Of(eventId, webhook.Id, webhook.Secret, now.AddHours(request.GraceHours))],
            };
}
