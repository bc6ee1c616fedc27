using Banking.Commands.Decisions;
using Banking.Web.Http;

namespace Banking.Ledger;

/// <summary>The problems that only this module answers.</summary>
internal static class LedgerProblems
{
    public static IReadOnlyList<ProblemType> All { get; } =
    [
        new(
            "ledger_account_not_found", RefusalKind.NotFound, "The chart of accounts has no such account.",
            "Use a name of GET /v1/ledger/accounts.", "account"),
    ];
}
