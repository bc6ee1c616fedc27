using Banking.Commands.Decisions;

namespace Banking.Publishing.Webhooks;

/// <summary>The grace of a rotation is over: the secret before it signs no more. The rotation asks for it when it is decided.</summary>
/// <param name="Secret">The secret whose grace is over.</param>
internal sealed record EndWebhookGrace(Guid Webhook, Guid Secret)
{
    /// <summary>The name under which it waits; stored.</summary>
    public const string Operation = "publishing.end-webhook-grace.v1";

    internal static Decision Decide(EndWebhookGrace command, Webhook webhook, Guid eventId, DateTimeOffset now) => webhook switch
    {
        { RemovedAt: not null } => new Decision.Refused(WebhookCommands.Removed(webhook)),
        // A later rotation without grace has ended it.
        { OldSecret: var old } when old != command.Secret => new Decision.Refused(
            Refusal.Of("grace_over", 409, "The secret signs no more: a later rotation has replaced it.")),
        // The clock was set back since the command became due: it waits on.
        { OldSecretUntil: { } until } when until > now => new Decision.Rejected(
            Refusal.Of("grace_not_over", 409, "The grace of the secret is not over.", ("until", until))),
        _ => new Decision.Accepted(new NewEvent(webhook.Id, eventId, new WebhookSecretRetired(command.Secret, now))),
    };
}
