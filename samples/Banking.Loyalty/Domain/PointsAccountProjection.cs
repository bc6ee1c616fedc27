using JasperFx.Events;
using Marten.Events.Aggregation;

namespace Banking.Loyalty.Domain;

/// <summary>Stores the state of a points account.</summary>
public sealed partial class PointsAccountProjection : SingleStreamProjection<PointsAccount, Guid>
{
    // Without this, Marten passes the events of all other streams too.
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
