using Banking.Accounts.Domain;
using Banking.Accounts.ReadModels;
using Banking.EventStore.Json;
using Banking.EventStore.Log;
using Banking.Web.Http;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Banking.Accounts.Explaining;

public static class GetMistakesEndpoint
{
    [WolverineGet("/v1/accounts/{account}/balance/mistakes", OperationId = "locateBalanceMistake")]
    [MomentParameters]
    [QueryParameter("expected", "The balance that was expected, such as -125.50; of a statement, its closing balance if left out.")]
    [QueryParameter(
        "statement", "A statement, stm_…: its closing balance against expected, or what is known now against its closing balance.")]
    [QueryParameter<DateTimeOffset>(
        "statedAt", "When the expected balance was stated: RFC 3339, or a local time with tz. What was recorded later is searched first.")]
    [QueryParameter<DateOnly>("from", "Only movements effective from this day in UTC on.")]
    [Tags("Accounts")]
    [EndpointSummary("Locate the movements that make a balance differ from what was expected")]
    [EndpointDescription(
        "Searches the newest movements of a balance for those that make the difference to what was expected: booked later or twice, with "
        + "the amount of the difference or half of it, with exchanged digits, and pairs. The candidates are hints, the best first.")]
    [Authorize(Policies.Read)]
    [Problems("account_not_found", "malformed_filter", "malformed_period", "invalid_amount", "statement_not_found", "key_unavailable")]
    [ProducesResponseType<MistakesView>(StatusCodes.Status200OK)]
    public static async Task<IResult> Get(
        string account, AccountReader reader, MomentReader moments, EventReader events, BalanceMistakes mistakes, TimeProvider clock,
        HttpContext http)
    {
        if (await reader.FindAsync(account, http) is not { } found)
        {
            return new ProblemResult(Visibility.NotFound(account));
        }

        var (query, problem) = await MistakeQuery.ReadAsync(http.Request, found, moments, events, clock.GetUtcNow());
        return problem is not null
            ? new ProblemResult(problem)
            : TypedResults.Json(await mistakes.FindAsync(query!, http.Caller(), http.RequestAborted), ApiJson.Options);
    }
}
