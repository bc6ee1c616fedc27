using Banking.Loyalty.Domain;
using JasperFx.Events;
using Marten.Events.Aggregation;

namespace Banking.Loyalty.ReadModels;

/// <summary>The points that an account earned and redeemed, and that expired.</summary>
public sealed record PointsOverview(Guid Id, Guid Account, long Earned, long Redeemed, long Expired);

/// <summary>An asynchronous projection, run by Marten's daemon on one host.</summary>
public sealed partial class PointsOverviewProjection : SingleStreamProjection<PointsOverview, Guid>
{
    public const string ModelName = "loyalty-points";

    public PointsOverviewProjection()
    {
        Name = ModelName;
        IncludeType<PointsEarned>();
        IncludeType<PointsRedeemed>();
        IncludeType<PointsExpired>();
    }

    public override PointsOverview? Evolve(PointsOverview? snapshot, Guid id, IEvent e)
    {
        ArgumentNullException.ThrowIfNull(e);
        return (snapshot, e.Data) switch
        {
            (null, PointsEarned earned) => new(id, earned.Account, earned.Points, 0, 0),
            ({ } s, PointsEarned earned) => s with { Earned = checked(s.Earned + earned.Points) },
            ({ } s, PointsRedeemed redeemed) => s with { Redeemed = checked(s.Redeemed + redeemed.Points) },
            ({ } s, PointsExpired expired) => s with { Expired = checked(s.Expired + expired.Points) },
            _ => throw new InvalidOperationException(
                $"{e.EventTypeName} cannot follow {snapshot?.ToString() ?? "nothing"} in stream {id}."),
        };
    }
}
