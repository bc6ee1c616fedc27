using JasperFx.Events;
using Marten.Events.Aggregation;

namespace Banking.Loyalty.Domain;

/// <summary>The stored state is the fold of its stream.</summary>
public sealed partial class PointsAccountProjection : SingleStreamProjection<PointsAccount, Guid>
{
    // Named, or Marten offers it the events of every other stream too.
    public PointsAccountProjection()
    {
        IncludeType<PointsEarned>();
        IncludeType<PointsRedeemed>();
        IncludeType<PointsExpired>();
    }

    public override PointsAccount? Evolve(PointsAccount? snapshot, Guid id, IEvent e)
    {
        ArgumentNullException.ThrowIfNull(e);
        return PointsAccount.Fold(snapshot, id, e.Data, e.Timestamp);
    }
}
