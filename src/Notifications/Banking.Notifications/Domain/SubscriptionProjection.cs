using JasperFx.Events;
using Marten.Events.Aggregation;

namespace Banking.Notifications.Domain;

/// <summary>The stored subscription is the fold of its stream.</summary>
public sealed partial class SubscriptionProjection : SingleStreamProjection<Subscription, Guid>
{
    // Named, or Marten's own append and its rebuilds offer it the events of every other stream too.
    public SubscriptionProjection()
    {
        IncludeType<SubscriptionMade>();
        IncludeType<SubscriptionCancelled>();
    }

    public override Subscription? Evolve(Subscription? snapshot, Guid id, IEvent e)
    {
        ArgumentNullException.ThrowIfNull(e);
        return Subscription.Fold(snapshot, id, e.Data, e.Timestamp);
    }
}
