using Banking.Commands.Decisions;
using Banking.Web.Http;

namespace Banking.Accounts.Statements;

/// <summary>The problems that only statements have.</summary>
internal static class StatementProblems
{
    public static IReadOnlyList<ProblemType> All { get; } =
    [
        new(
            "statement_not_found", RefusalKind.NotFound, "There is no such statement, or the caller may not know that there is.",
            "Correct the id.", "statement"),
        new(
            "statement_differs", RefusalKind.Unreadable, "The entries of the statement are not the ones that it was issued with.",
            "Tell the operators, who must examine the log.", "statement"),
        new(
            "form_too_small", RefusalKind.NotAcceptable, "An amount of the statement has more digits than the form allows.",
            "Ask for another form.", "form"),
        new(
            "schedule_unchanged", RefusalKind.Conflict, "The account has this schedule of statements already.",
            "Nothing needs to be done.", "frequency"),
        new(
            "schedule_changed", RefusalKind.Conflict, "The account has another schedule of statements since this one was due.",
            "Nothing needs to be done."),
        new(
            "statement_unchanged", RefusalKind.Conflict, "There is a statement of the period, and its entries have not changed since.",
            "Read that statement.", "statement"),
        new(
            "statement_overtaken", RefusalKind.Unavailable, "Another statement of the period was issued meanwhile.",
            "Repeat the request with the same key."),
        new(
            "statement_too_long", RefusalKind.RuleBroken, "The period has more entries than a statement can have.",
            "Choose a shorter period.", "maxEntries"),
        new(
            "too_many_periods", RefusalKind.RuleBroken, "The account has statements of as many periods as it can have.",
            "Ask for a period that has a statement.", "maxPeriods"),
        new(
            "period_before_opening", RefusalKind.RuleBroken,
            "The period begins before the month in which the account was opened, or ended before it.",
            "Choose a later period.", "openedAt"),
    ];
}
