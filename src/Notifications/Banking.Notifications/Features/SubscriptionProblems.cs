using Banking.Commands.Decisions;
using Banking.Web.Http;

namespace Banking.Notifications.Features;

/// <summary>The problems that only this module answers.</summary>
internal static class SubscriptionProblems
{
    public static IReadOnlyList<ProblemType> All { get; } =
    [
        new(
            "subscription_not_found", RefusalKind.NotFound, "There is no such subscription, or the caller may not know that there is.",
            "Correct the id.", "subscription"),
        new(
            "already_cancelled", RefusalKind.Conflict, "The subscription is already cancelled.",
            "Nothing needs to be done.", "cancelledAt"),
        new(
            "minimum_without_amount", RefusalKind.Invalid, "minimum is given for events that have no amount.",
            "Leave out minimum, or subscribe to movements only."),
    ];
}
