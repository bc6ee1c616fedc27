using Banking.EventStore.Json;
using Banking.Ledger.Domain;
using Banking.Web.Http;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Banking.Ledger.ReadModels;

/// <summary>One account of the general ledger.</summary>
/// <param name="Account">The account's name in URLs and answers.</param>
/// <param name="Number">The account's number in the chart.</param>
/// <param name="Balances">The balance in each currency with movements; positive on the account's normal side.</param>
public sealed record GlAccountView(string Account, short Number, GlKind Kind, IReadOnlyList<Amount> Balances);

public static class GetChartEndpoint
{
    [WolverineGet("/v1/ledger/accounts", OperationId = "listLedgerAccounts")]
    [Tags("Ledger")]
    [EndpointSummary("List the chart of accounts with balances")]
    [EndpointDescription("Lists the accounts of the general ledger with their balances.")]
    [Authorize(Policies.ReadBooks)]
    [ReadsFrom(LedgerModel.ModelName)]
    [ProducesResponseType<Page<GlAccountView>>(StatusCodes.Status200OK)]
    public static async Task<IResult> Get(GlBalances balances, HttpContext http)
    {
        var held = (await balances.ReadAsync(DateOnly.MaxValue, null, http.RequestAborted)).ToLookup(b => b.Account);
        return TypedResults.Json(
            new Page<GlAccountView>([.. Chart.All.Select(a => View(a, held[a]))], null), ApiJson.Options);
    }

    private static GlAccountView View(GlAccount account, IEnumerable<GlBalance> balances) =>
        new(account.Name, account.Code, account.Kind, [.. balances.Select(b => Amount.OfMinor(b.Balance, b.Currency))]);
}
