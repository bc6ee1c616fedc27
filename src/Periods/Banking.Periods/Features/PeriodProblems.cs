using Banking.Commands.Decisions;
using Banking.Web.Http;

namespace Banking.Periods.Features;

/// <summary>The problems that only this module answers.</summary>
internal static class PeriodProblems
{
    public static IReadOnlyList<ProblemType> All { get; } =
    [
        new("malformed_month", RefusalKind.Malformed, "The month is not one such as 2026-10.", "Correct the month."),
        new(
            "period_not_found", RefusalKind.NotFound, "The month is before the first one of the bank, or in the future.",
            "Use a month of GET /v1/periods.", "month"),
        new("period_already_closed", RefusalKind.Conflict, "The month is closed.", "Nothing needs to be done.", "month", "openFrom"),
        new(
            "period_out_of_order", RefusalKind.Conflict, "An earlier month is still open.",
            "Close the month next first.", "month", "next"),
        new(
            "period_not_ready", RefusalKind.Conflict, "A check of the month failed.",
            "Do what the details of checks say, then close it again with another key.", "month", "checks"),
        new(
            "period_not_newest_closed", RefusalKind.Conflict, "Only the month closed last can be reopened.",
            "Reopen the month newest first.", "month", "newest"),
    ];
}
