using Banking.Accounts.Domain;
using Banking.Accounts.ReadModels;
using Banking.EventStore.Json;
using Banking.Web.Http;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Banking.Accounts.Explaining;

public static class GetExplanationEndpoint
{
    [WolverineGet("/v1/accounts/{account}/balance/explain", OperationId = "explainBalance")]
    [MomentParameters]
    [QueryParameter<DateOnly>("from", "Only movements effective from this day in UTC on; those before are the opening.")]
    [QueryParameter<DateOnly>("to", "Only movements effective before this day.")]
    [Tags("Accounts")]
    [EndpointSummary("Explain a balance: its movements by month, kind and counterparty")]
    [EndpointDescription(
        "Explains the balance of now, after a version, or at a past moment. The groups of each grouping add up to the balance. Each group "
        + "links to its movements, and these to commands, actors, reasons and corrections.")]
    [Authorize(Policies.Read)]
    [Problems("account_not_found", "malformed_period", "key_unavailable")]
    [ProducesResponseType<ExplanationView>(StatusCodes.Status200OK)]
    public static async Task<IResult> Get(
        string account, AccountReader reader, MomentReader moments, BalanceExplanation explanation, TimeProvider clock, HttpContext http)
    {
        if (await reader.FindAsync(account, http) is not { } found)
        {
            return new ProblemResult(Visibility.NotFound(account));
        }

        var (query, problem) = await ExplanationQuery.ReadAsync(http.Request, found, moments, clock.GetUtcNow());
        return problem is not null
            ? new ProblemResult(problem)
            : TypedResults.Json(await explanation.ReadAsync(query!, http.RequestAborted), ApiJson.Options);
    }
}
