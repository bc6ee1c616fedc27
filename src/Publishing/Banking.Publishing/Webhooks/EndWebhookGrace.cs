using Banking.Commands.Decisions;

namespace Banking.Publishing.Webhooks;

/// <summary>Ends the grace period of a secret rotation: the old secret no longer signs. The rotation schedules this command.</summary>
/// <param name="Secret">The old secret.</param>
internal sealed record EndWebhookGrace(Guid Webhook, Guid Secret)
{
    /// <summary>The stored name of the scheduled command.</summary>
    public const string Operation = "publishing.end-webhook-grace.v1";

    /// <summary>The wait that a rotation begins.</summary>
    /// <param name="rotation">The id of its event.</param>
    internal static DueCommand Of(Guid rotation, Guid webhook, Guid secret, DateTimeOffset until) =>
        new(rotation, Operation, until, new EndWebhookGrace(webhook, secret));

    internal static Decision Decide(EndWebhookGrace command, Webhook webhook, Guid eventId, DateTimeOffset now) => webhook switch
    {
        { RemovedAt: not null } => new Decision.Refused(WebhookCommands.Removed(webhook)),
        // A later rotation without a grace period has ended this one.
        { OldSecret: var old } when old != command.Secret => new Decision.Refused(
            Refusal.Conflict("grace_over", "The secret no longer signs: a later rotation has replaced it.")),
        // The clock was set back after the command became due: the command stays scheduled.
        { OldSecretUntil: { } until } when until > now => new Decision.Rejected(
            Refusal.Conflict("grace_not_over", "The grace period of the secret has not ended.", ("until", until))),
        _ => new Decision.Accepted(new NewEvent(webhook.Id, eventId, new WebhookSecretRetired(command.Secret, now))),
    };
}
