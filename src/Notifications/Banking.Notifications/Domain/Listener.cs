using Banking.Publishing.Contracts;
using Banking.SharedKernel;

namespace Banking.Notifications.Domain;

/// <summary>
/// A subscription with its places in the log. What it hears of is decided by positions alone: an event that comes late, or again, years
/// after, is heard by exactly those that would have heard it in time.
/// </summary>
/// <param name="Made">The position of its first event: it hears of what comes after.</param>
/// <param name="Cancelled">The position where it ends; null while it goes on.</param>
internal sealed record Listener(Subscription Subscription, long Made, long? Cancelled)
{
    public Notification? Hear(PublishedEvent e)
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

/// <summary>What somebody is told: that it happened, and how much. Nothing that is anybody's personal data.</summary>
internal sealed record Notification(
    Guid Id, Guid Subscription, Guid Account, Guid? Customer, string EventId, string Type, long Position, string? Value, string? Currency,
    string? Direction, DateTimeOffset RecordedAt);
