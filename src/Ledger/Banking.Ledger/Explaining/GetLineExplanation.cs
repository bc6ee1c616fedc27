using Banking.EventStore.Json;
using Banking.Ledger.ReadModels;
using Banking.Web.Http;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Banking.Ledger.Explaining;

public static class GetLineExplanationEndpoint
{
    [WolverineGet("/v1/ledger/accounts/{account}/explain", OperationId = "explainLedgerAccount")]
    [AsOfParameters]
    [QueryParameter<DateOnly>("from", "Only entries effective from this day in UTC on; those before are the opening.")]
    [QueryParameter("currency", "Only this currency, an ISO 4217 code.")]
    [Tags("Ledger")]
    [EndpointSummary("Explain a line of the trial balance: its entries by month, type of event and customer's account")]
    [EndpointDescription(
        "Explains the balance of a ledger account at the end of a day, as known at an instant. The groups of each grouping add up to the "
        + "line of the trial balance, and each group links to its journal entries.")]
    [Authorize(Policies.ReadBooks)]
    [Problems("ledger_account_not_found", "known_in_future", "malformed_period", "unknown_currency")]
    [ReadsFrom(LedgerModel.ModelName)]
    [ProducesResponseType<LineExplanationView>(StatusCodes.Status200OK)]
    public static async Task<IResult> Get(string account, LineExplanation explanation, TimeProvider clock, HttpContext http)
    {
        var (query, problem) = LineQuery.Read(account, http.Request, clock);
        return problem is not null
            ? new ProblemResult(problem)
            : TypedResults.Json(await explanation.ReadAsync(query!, http.RequestAborted), ApiJson.Options);
    }
}
