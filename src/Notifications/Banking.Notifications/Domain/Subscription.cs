using Banking.Platform.EventSourcing;
using Banking.SharedKernel;

namespace Banking.Notifications.Domain;

/// <summary>Somebody hears of an account from here on.</summary>
/// <param name="Account">Of which account.</param>
/// <param name="Customer">Who, where it is a customer; absent for staff.</param>
/// <param name="Types">Types of published events, with spaces between them.</param>
/// <param name="Minimum">Only movements of at least this much, in this currency; absent for all.</param>
/// <param name="EffectiveAt">When it was asked.</param>
public sealed record SubscriptionMade(Guid Account, Guid? Customer, string Types, Money? Minimum, DateTimeOffset EffectiveAt);

/// <summary>Nobody hears of anything by this subscription any more.</summary>
/// <param name="EffectiveAt">When it was asked.</param>
public sealed record SubscriptionCancelled(DateTimeOffset EffectiveAt);

/// <summary>Who wants to hear of what.</summary>
public sealed record Subscription(
    Guid Id, long Version, DateTimeOffset RecordedAt, Guid Account, Guid? Customer, string Types, Money? Minimum, DateTimeOffset MadeAt,
    DateTimeOffset? CancelledAt) : IEventSourced<Subscription>
{
    /// <summary>The prefix of its public id.</summary>
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
                $"{@event.GetType().Name} cannot follow {(state is null ? "nothing" : "a subscription that is over or was made")} in subscription {id}."
            ),
        };
        return next with { Version = next.Version + 1, RecordedAt = recordedAt };
    }
}
