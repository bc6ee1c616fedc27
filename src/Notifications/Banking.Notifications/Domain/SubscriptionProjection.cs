using JasperFx.Events;
using Marten.Events.Aggregation;

namespace Banking.Notifications.Domain;

/// <summary>Stores the state of a subscription.</summary>
public sealed partial class SubscriptionProjection : SingleStreamProjection<Subscription, Guid>
{
    // Without this, Marten's own append and its rebuilds pass the events of all other streams too.
    public SubscriptionProjection()
    {
        IncludeType<SubscriptionMade>();
        IncludeType<SubscriptionCancelled>();
    }

    public override Subscription? Evolve(Subscription? snapshot, Guid id, IEvent e)
    {
        return Subscription.Fold(snapshot, id, e.Data, e.Timestamp);
    }
}
