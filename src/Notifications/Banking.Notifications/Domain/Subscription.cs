using Banking.EventStore.Streams;
using Banking.SharedKernel;

namespace Banking.Notifications.Domain;

/// <summary>A subscription to the events of an account was made.</summary>
/// <param name="Account">The account.</param>
/// <param name="Customer">The subscribing customer; absent for staff.</param>
/// <param name="Types">Types of published events, separated by spaces.</param>
/// <param name="Minimum">Only movements of at least this amount, in this currency; absent for all.</param>
/// <param name="EffectiveAt">When the subscription was made.</param>
public sealed record SubscriptionMade(Guid Account, Guid? Customer, string Types, Money? Minimum, DateTimeOffset EffectiveAt)
{
    /// <summary>
    /// The permanent stored name of the event. If a later version gets another, the finder of subscriptions must look for both.
    /// </summary>
    internal const string Name = "notifications.subscription-made.v1";
}

/// <summary>A subscription was cancelled.</summary>
/// <param name="EffectiveAt">When it was cancelled.</param>
public sealed record SubscriptionCancelled(DateTimeOffset EffectiveAt);

/// <summary>A subscription to notifications about an account.</summary>
public sealed record Subscription(
    Guid Id, long Version, DateTimeOffset RecordedAt, Guid Account, Guid? Customer, string Types, Money? Minimum, DateTimeOffset MadeAt,
    DateTimeOffset? CancelledAt) : IEventSourced<Subscription>
{
    /// <summary>The prefix of a subscription's public id.</summary>
    public const string Prefix = "sub";

    public static string StreamType => "subscription";

    public static bool IsIndexed => true;

    public static Subscription Fold(Subscription? state, Guid id, object @event, DateTimeOffset recordedAt)
    {
        var next = (state, @event) switch
        {
            (null, SubscriptionMade e) => new Subscription(
                id, 0, recordedAt, e.Account, e.Customer, e.Types, e.Minimum, e.EffectiveAt, null),
            ({ CancelledAt: null } s, SubscriptionCancelled e) => s with { CancelledAt = e.EffectiveAt },
            _ => throw new InvalidOperationException(
                $"{@event.GetType().Name} cannot follow {(state is null ? "nothing" : "the events so far")} in subscription {id}."),
        };
        return next with { Version = next.Version + 1, RecordedAt = recordedAt };
    }
}
