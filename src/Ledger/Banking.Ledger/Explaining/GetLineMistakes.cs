using Banking.Commands.Decisions;
using Banking.EventStore.Json;
using Banking.Ledger.ReadModels;
using Banking.ReadModels.Locating;
using Banking.SharedKernel;
using Banking.Web.Http;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Banking.Ledger.Explaining;

/// <summary>The journal entries that may have made a line of the trial balance wrong.</summary>
/// <param name="Balance">The line; positive on the account's normal side, like the expected balance.</param>
/// <param name="Difference">The balance less what was expected.</param>
/// <param name="From">The first effective day that was searched; absent if nothing was searched.</param>
/// <param name="Entries">The number of entries that were searched: the newest of the line; none if nothing differs.</param>
/// <param name="Candidates">The best first; empty if no rule finds any, or nothing differs.</param>
public sealed record LineMistakesView(
    string Account, string Currency, DateOnly Date, DateTimeOffset? KnownAt, Amount Balance, Amount Expected, Amount Difference,
    DateOnly? From, int Entries, IReadOnlyList<LineMistakeView> Candidates);

/// <summary>Journal entries that would explain the difference.</summary>
/// <param name="Score">100 is the best.</param>
/// <param name="Why">The rule in words.</param>
/// <param name="RightAmount">
/// By how much the entry would have to change the balance of the line: negative if it lowers it. Absent if it should not be there.
/// </param>
public sealed record LineMistakeView(
    MistakeRule Rule, int Score, string Why, Amount? RightAmount, IReadOnlyList<JournalEntryView> Entries);

public static class GetLineMistakesEndpoint
{
    [WolverineGet("/v1/ledger/accounts/{account}/mistakes", OperationId = "locateLedgerMistake")]
    [AsOfParameters]
    [QueryParameter("expected", "The expected balance, such as -125.50, positive on the account's normal side.", IsRequired = true)]
    [QueryParameter("currency", "The currency of the line, an ISO 4217 code.", IsRequired = true)]
    [QueryParameter<DateTimeOffset>(
        "statedAt", "When the expected balance was stated: RFC 3339, or a local time with tz. What was recorded later comes first.")]
    [QueryParameter<DateOnly>("from", "Only entries effective from this day in UTC on.")]
    [Tags("Ledger")]
    [EndpointSummary("Locate the journal entries that make a line of the trial balance differ from what was expected")]
    [EndpointDescription(
        "Searches the newest entries of a ledger account for those that make the difference to what was expected: booked later or twice, "
        + "with the amount of the difference or half of it, with exchanged digits, and pairs. The candidates are hints, the best first.")]
    [Authorize(Policies.ReadBooks)]
    [Problems(
        "ledger_account_not_found", "known_in_future", "malformed_filter", "malformed_period", "unknown_currency", "invalid_amount")]
    [ReadsFrom(LedgerModel.ModelName)]
    [ProducesResponseType<LineMistakesView>(StatusCodes.Status200OK)]
    public static async Task<IResult> Get(string account, LineMistakes mistakes, TimeProvider clock, HttpContext http)
    {
        var (query, problem) = LineQuery.Read(account, http.Request, clock);
        if (problem is not null)
        {
            return new ProblemResult(problem);
        }

        if (!Currency.TryParseEver(query!.Currency, out var currency))
        {
            return new ProblemResult(Refusal.Malformed("unknown_currency", "currency is the ISO 4217 code of the line."));
        }

        var (expected, unfit) = SignedAmountQuery.Read(http.Request, "expected", currency);
        var (statedAt, wrong) = InstantQuery.Read(http.Request, "statedAt");
        var now = clock.GetUtcNow();
        problem = unfit ?? wrong
            ?? (expected is null ? Refusal.Malformed("malformed_filter", "expected is the balance that was expected.")
                : statedAt > now ? Refusal.RuleBroken(
                    "known_in_future", "statedAt must not be in the future.", ("knownAt", statedAt.Value), ("now", now))
                : null);
        return problem is not null
            ? new ProblemResult(problem)
            : TypedResults.Json(
                await mistakes.FindAsync(query, currency, expected!.Value, statedAt, http.RequestAborted), ApiJson.Options);
    }
}
