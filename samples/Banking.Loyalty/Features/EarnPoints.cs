using Banking.Commands.Decisions;
using Banking.Loyalty.Domain;

namespace Banking.Loyalty.Features;

/// <summary>
/// Adds the points of a deposit. The id of the published event is the idempotency key, so that a deposit delivered twice earns points once.
/// </summary>
internal sealed record EarnPoints(string Deposit, Guid Account, long Points);

internal static class EarnPointsDecision
{
    internal static readonly CommandShape<EarnPoints> Shape = new("loyalty.earn-points.v1", c => c.Deposit, _ => (null, null), _ => null);

    internal static Decision Decide(EarnPoints command, Guid eventId, DateTimeOffset now) => new Decision.Accepted(new NewEvent(
        PointsAccount.IdOf(command.Account), eventId, new PointsEarned(command.Account, command.Points, command.Deposit, now)))
    {
        Due = [new(eventId, ExpirePoints.Operation, now + PointsAccount.Lifetime, new ExpirePoints(command.Account, command.Deposit))],
    };
}
