using Banking.Publishing.Contracts;
using Banking.SharedKernel;

namespace Banking.Notifications.Domain;

/// <summary>
/// A subscription with its first and last position in the log. Positions alone decide which events it covers: an event that is delivered
/// late, or again after years, is covered by the same subscriptions.
/// </summary>
/// <param name="Made">The position of the subscription's first event; it covers later events.</param>
/// <param name="Cancelled">The position of the cancellation; null if the subscription is active.</param>
internal sealed record SubscriptionWindow(Subscription Subscription, long Made, long? Cancelled)
{
    /// <summary>The notification of an event; null if the subscription does not cover it.</summary>
    public Notification? NotificationOf(PublishedEvent e)
    {
        if (
            e.Account != Subscription.Account
            || e.Position <= Made
            || e.Position > Cancelled
            || !Subscription.Types.Split(' ').Contains(e.Type))
        {
            return null;
        }

        var facts = MovementFacts.Of(e);
        return Subscription.Minimum is { } minimum && !facts.IsAtLeast(minimum)
            ? null
            : new(
                DeterministicId.From(Subscription.Id, e.Id), Subscription.Id, e.Account, Subscription.Customer, e.Id, e.Type, e.Position,
                facts.Value, facts.Currency, facts.Direction, e.Time);
    }
}

/// <summary>A notification: the event's type and amount, without personal data.</summary>
internal sealed record Notification(
    Guid Id, Guid Subscription, Guid Account, Guid? Customer, string EventId, string Type, long Position, string? Value, string? Currency,
    string? Direction, DateTimeOffset RecordedAt);
