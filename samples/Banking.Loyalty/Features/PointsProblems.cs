using Banking.Commands.Decisions;
using Banking.Web.Http;

namespace Banking.Loyalty.Features;

/// <summary>The problems that only this module answers.</summary>
internal static class PointsProblems
{
    public static IReadOnlyList<ProblemType> All { get; } =
    [
        new("points_not_found", RefusalKind.NotFound, "There is no such account, or it has earned no points.", "Correct the account."),
        new("points_not_positive", RefusalKind.Invalid, "points is not above zero.", "Send a number above zero."),
        new(
            "insufficient_points", RefusalKind.RuleBroken, "The account has fewer points than requested.",
            "Redeem at most points.", "points"),
        new("points_spent", RefusalKind.Conflict, "All points of the deposit were redeemed.", "Nothing needs to be done."),
    ];
}
