using Banking.EventStore.Json;
using Banking.Ledger.Domain;
using Banking.SharedKernel;
using Banking.Web.Http;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Banking.Ledger.ReadModels;

/// <summary>The bank's balance sheet: assets, liabilities and equity.</summary>
/// <param name="Date">Includes movements effective up to and on this day …</param>
/// <param name="KnownAt">… of those recorded by this instant; absent if the query has no such limit.</param>
public sealed record BalanceSheetView(DateOnly Date, DateTimeOffset? KnownAt, IReadOnlyList<CurrencyBalanceSheet> Currencies);

/// <summary>The balance sheet of one currency.</summary>
/// <param name="RetainedResult">All income less all expenses; negative for a loss. The bank has no other equity yet.</param>
/// <param name="TotalAssets">The sum of the assets.</param>
/// <param name="TotalLiabilitiesAndEquity">The sum of the liabilities and the retained result.</param>
/// <param name="Balanced">Whether assets equal liabilities plus equity. False means an error in the bank's software or data.</param>
public sealed record CurrencyBalanceSheet(
    string Currency, IReadOnlyList<BalanceSheetLine> Assets, IReadOnlyList<BalanceSheetLine> Liabilities, Amount RetainedResult,
    Amount TotalAssets, Amount TotalLiabilities, Amount TotalLiabilitiesAndEquity, bool Balanced);

/// <summary>One account in a balance sheet.</summary>
/// <param name="Balance">Negative if the balance is not on the account's normal side.</param>
/// <param name="Entries">Link to the journal entries.</param>
/// <param name="Explanation">Link to what the line is made of.</param>
public sealed record BalanceSheetLine(string Account, short Number, Amount Balance, string Entries, string Explanation);

public static class GetBalanceSheetEndpoint
{
    [WolverineGet("/v1/ledger/balance-sheet", OperationId = "getBalanceSheet")]
    [AsOfParameters]
    [Tags("Ledger")]
    [EndpointSummary("Get the balance sheet of a day, as known at an instant")]
    [EndpointDescription("Gets the assets, liabilities and equity of the bank at the end of a day, as known at an instant.")]
    [Authorize(Policies.ReadBooks)]
    [Problems("known_in_future")]
    [ReadsFrom(LedgerModel.ModelName)]
    [ProducesResponseType<BalanceSheetView>(StatusCodes.Status200OK)]
    public static async Task<IResult> Get(GlBalances balances, TimeProvider clock, HttpContext http)
    {
        var (asOf, problem) = AsOf.Read(http.Request, clock);
        if (problem is not null)
        {
            return new ProblemResult(problem);
        }

        var currencies = (await balances.ReadAsync(asOf.Date, asOf.KnownAt, http.RequestAborted))
            .GroupBy(b => b.Currency).Select(c => Of(c.Key, c.ToLookup(b => b.Account.Kind), asOf));
        return TypedResults.Json(new BalanceSheetView(asOf.Date, asOf.KnownAt, [.. currencies]), ApiJson.Options);
    }

    private static CurrencyBalanceSheet Of(Currency currency, ILookup<GlKind, GlBalance> lines, AsOf asOf)
    {
        decimal Sum(GlKind kind) => lines[kind].Sum(l => l.Balance);
        Amount Shown(decimal minor) => Amount.OfMinor(minor, currency);
        IReadOnlyList<BalanceSheetLine> Lines(GlKind kind) =>
        [
            .. lines[kind].Select(l => new BalanceSheetLine(
                l.Account.Name, l.Account.Code, Shown(l.Balance), asOf.EntriesOf(l), asOf.ExplanationOf(l.Account, l.Currency.Code))),
        ];
        var (assets, liabilities, result) = (Sum(GlKind.Asset), Sum(GlKind.Liability), Sum(GlKind.Income) - Sum(GlKind.Expense));
        return new(
            currency.Code, Lines(GlKind.Asset), Lines(GlKind.Liability), Shown(result),
            Shown(assets), Shown(liabilities), Shown(liabilities + result), assets == liabilities + result);
    }
}
