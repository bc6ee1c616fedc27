using Banking.Loyalty.Domain;
using Banking.Platform.Commands;
using Banking.Platform.EventSourcing;

namespace Banking.Loyalty.Features;

/// <summary>
/// Takes back what is left of the points of a deposit. Earning them asks for it; the due table brings it when their time is over.
/// </summary>
/// <param name="Account">The bank account.</param>
/// <param name="Deposit">The published event of the deposit, evt_….</param>
internal sealed record ExpirePoints(Guid Account, string Deposit)
{
    /// <summary>The name under which it waits; stored.</summary>
    public const string Operation = "loyalty.expire-points.v1";

    internal static Decision Decide(ExpirePoints command, PointsAccount points, Guid eventId, DateTimeOffset now) =>
        points.LeftOf(command.Deposit) is > 0 and var left
            ? new Decision.Accepted(new NewEvent(points.Id, eventId, new PointsExpired(command.Deposit, left, now)))
            : new Decision.Refused(Refusal.Of("points_spent", 409, "All points of the deposit were spent."));
}
