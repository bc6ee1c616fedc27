using Banking.Ledger.Domain;
using Banking.Platform;
using Banking.Platform.Http;
using Banking.Platform.Security;
using Banking.SharedKernel;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Banking.Ledger.ReadModels;

/// <summary>What the bank has, what it owes, and what is its own.</summary>
/// <param name="Date">What counted up to and on this day …</param>
/// <param name="KnownAt">… as known at this instant; absent where nothing else was asked than all that is known.</param>
public sealed record BalanceSheetView(DateOnly Date, DateTimeOffset? KnownAt, IReadOnlyList<CurrencyBalanceSheet> Currencies);

/// <summary>The balance sheet of one currency.</summary>
/// <param name="RetainedResult">All income less all expense so far; below zero for a loss. Nothing else is the bank's own yet.</param>
/// <param name="TotalAssets">What it has …</param>
/// <param name="TotalLiabilitiesAndEquity">… and where that comes from.</param>
/// <param name="Balanced">Whether the totals are equal. Anything but true is a fault of the bank's.</param>
public sealed record CurrencyBalanceSheet(
    string Currency, IReadOnlyList<BalanceSheetLine> Assets, IReadOnlyList<BalanceSheetLine> Liabilities, Amount RetainedResult,
    Amount TotalAssets, Amount TotalLiabilities, Amount TotalLiabilitiesAndEquity, bool Balanced);

/// <summary>One account in a balance sheet.</summary>
/// <param name="Balance">Below zero where it stands on the other side than it belongs.</param>
/// <param name="Entries">Where the entries are.</param>
public sealed record BalanceSheetLine(string Account, short Number, Amount Balance, string Entries);

public static class GetBalanceSheetEndpoint
{
    [WolverineGet("/v1/ledger/balance-sheet")]
    [AsOfParameters]
    [Tags("Ledger")]
    [EndpointSummary("Get the balance sheet of any day, as known at any instant")]
    [Authorize(Policies.ReadBooks)]
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
            [.. lines[kind].Select(l => new BalanceSheetLine(l.Account.Name, l.Account.Code, Shown(l.Balance), asOf.EntriesOf(l)))];
        var (assets, liabilities, result) = (Sum(GlKind.Asset), Sum(GlKind.Liability), Sum(GlKind.Income) - Sum(GlKind.Expense));
        return new(
            currency.Code, Lines(GlKind.Asset), Lines(GlKind.Liability), Shown(result),
            Shown(assets), Shown(liabilities), Shown(liabilities + result), assets == liabilities + result);
    }
}
