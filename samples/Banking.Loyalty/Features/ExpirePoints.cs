using Banking.Commands.Decisions;
using Banking.Loyalty.Domain;

namespace Banking.Loyalty.Features;

/// <summary>
/// Expires the remaining points of a deposit. The decision that adds points schedules this command; the due table submits it when their
/// lifetime ends.
/// </summary>
/// <param name="Account">The bank account.</param>
/// <param name="Deposit">The published event of the deposit, evt_….</param>
internal sealed record ExpirePoints(Guid Account, string Deposit)
{
    /// <summary>The stored name of the due command.</summary>
    public const string Operation = "loyalty.expire-points.v1";

    internal static Decision Decide(ExpirePoints command, PointsAccount points, Guid eventId, DateTimeOffset now) =>
        points.LeftOf(command.Deposit) is > 0 and var left
            ? new Decision.Accepted(new NewEvent(points.Id, eventId, new PointsExpired(command.Deposit, left, now)))
            : new Decision.Refused(Refusal.Conflict("points_spent", "All points of the deposit were redeemed."));
}
