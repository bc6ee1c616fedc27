using Banking.Commands.Decisions;
using Banking.EventStore.Json;
using Banking.Operations.ReadModels;
using Banking.ReadModels.Books;
using Banking.ReadModels.Verifying;
using Banking.SharedKernel;
using Banking.Web.Http;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Banking.Operations.Features;

/// <summary>A replay of an account's events, compared with all data derived from them.</summary>
/// <param name="Account">The account, acc_…</param>
/// <param name="Events">The number of its events.</param>
/// <param name="Differences">
/// The data that differs from the replay; after a repair, the data that still does. Absent if the comparison after a repair failed.
/// </param>
/// <param name="Repaired">The differences that were repaired; absent if no repair was requested.</param>
/// <param name="Note">Why differences is absent, and what to do.</param>
public sealed record AccountReplayView(
    string Account, long Events, IReadOnlyList<LogDifferenceView>? Differences, IReadOnlyList<LogDifferenceView>? Repaired, string? Note);

/// <summary>Replays one account, and repairs what differs if the request says so.</summary>
public static class ReplayAccountEndpoint
{
    private const string Prefix = "acc";
    private const string StreamType = "account";

    [WolverinePost("/ops/accounts/{account}/replay", OperationId = "replayAccount")]
    [QueryParameter<bool>("repair", "true repairs what differs; false, or left out, only compares.")]
    [Tags("Operations")]
    [EndpointSummary("Replay an account's events and compare all data derived from them; with repair=true, repair it")]
    [EndpointDescription("Replays the events of an account, compares all data that is derived from them, and repairs it if asked to.")]
    [Authorize(Policies.Operate)]
    [Problems("account_not_found", "malformed_repair", "repair_not_possible_now", "outcome_unknown", "reason_required", "invalid_text")]
    [ProducesResponseType<AccountReplayView>(StatusCodes.Status200OK)]
    public static async Task<IResult> Post(
        string account, ProjectionRequest request, StreamReplay replay, StreamRepair repair, DifferenceViews views, HttpContext http)
    {
        if (!TryRepair(http.Request, out var isRepair))
        {
            return new ProblemResult(Refusal.Malformed("malformed_repair", "repair is true or false."));
        }

        return await ProjectionOperations.RunAsync(request.ReasonCode, request.Reason, http, async action =>
        {
            if (!PublicId.TryParse(Prefix, account, out var stream)
                || await replay.CompareAsync(StreamType, stream, http.RequestAborted) is not { } replayed)
            {
                return new ProblemResult(Refusal.NotFound("account_not_found", "There is no such account."));
            }

            if (!isRepair)
            {
                return await AnswerAsync(replayed, replayed.Differences, null, repair, views);
            }

            // A caller who disconnects does not cancel the repair.
            var result = await repair.RunAsync(StreamType, replayed, action, CancellationToken.None);
            return Problem(result.Outcome) is { } problem
                ? new ProblemResult(problem)
                : await AnswerAsync(replayed, result.Remaining, result.Repaired, repair, views);
        });
    }

    private static Refusal? Problem(StreamRepairOutcome outcome) => outcome switch
    {
        StreamRepairOutcome.NotPossibleNow => Refusal.Conflict(
            "repair_not_possible_now",
            "A book that differs is being rebuilt or repaired, or its candidate waits for a decision. Nothing was repaired."),
        StreamRepairOutcome.Unknown => Refusal.Of(
            RefusalKind.InDoubt,
            "outcome_unknown",
            "The connection broke before the database confirmed the repair. Repeat the request with another key: it repairs what still "
                + "differs."),
        _ => null,
    };

    private static bool TryRepair(HttpRequest request, out bool isRepair)
    {
        var value = request.Query.TryGetValue("repair", out var given) ? given.ToString() : "false";
        isRepair = value == "true";
        return value is "true" or "false";
    }

    private static async Task<JsonHttpResult<AccountReplayView>> AnswerAsync(
        ReplayedStream replayed, IReadOnlyList<Difference>? differences, IReadOnlyList<Difference>? repaired, StreamRepair repair,
        DifferenceViews views) =>
        TypedResults.Json(
            new AccountReplayView(
                PublicId.Format(Prefix, replayed.Stream),
                replayed.Events,
                differences is null ? null : await views.OfAsync(differences, CancellationToken.None, d => Name(repair.RemedyOf(d))),
                repaired is null ? null : await views.OfAsync(repaired, CancellationToken.None),
                differences is null ? "The repair is done. The comparison after it failed: repeat the request without repair." : null),
            ApiJson.Options);

    private static string? Name(Remedy remedy) => remedy switch
    {
        Remedy.Repair => "repair",
        Remedy.Rebuild => "rebuild",
        _ => null,
    };
}
