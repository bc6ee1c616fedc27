using Banking.Commands.Decisions;
using Banking.ReadModels.Comparing;
using JasperFx.Events;

namespace Banking.Publishing.Webhooks;

/// <summary>Checks that the end of each grace period of a rotated secret is in the due table.</summary>
internal sealed class GraceComparison() : StateDueComparison<WebhookRegistered, Webhook>(Wait)
{
    /// <summary>A rotation without a grace period ends that of the one before.</summary>
    private static DueCommand? Wait(Webhook webhook, IReadOnlyList<IEvent> events) =>
        webhook is { RemovedAt: null, OldSecret: { } old }
        && events.Last(e => e.Data is WebhookSecretRotated) is { Data: WebhookSecretRotated rotated } rotation
        && rotated.OldUntil > rotated.EffectiveAt
            ? EndWebhookGrace.Of(rotation.Id, webhook.Id, old, rotated.OldUntil)
            : null;
}
