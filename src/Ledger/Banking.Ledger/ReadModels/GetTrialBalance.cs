using Banking.EventStore.Json;
using Banking.Ledger.Domain;
using Banking.SharedKernel;
using Banking.Web.Http;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Banking.Ledger.ReadModels;

/// <summary>The balances of all GL accounts, whose sum must be zero.</summary>
/// <param name="Date">Includes movements effective up to and on this day …</param>
/// <param name="KnownAt">… of those recorded by this instant; absent if the query has no such limit.</param>
public sealed record TrialBalanceView(DateOnly Date, DateTimeOffset? KnownAt, IReadOnlyList<CurrencyTrialBalance> Currencies);

/// <summary>The trial balance of one currency.</summary>
/// <param name="Debits">The sum of all debits.</param>
/// <param name="Credits">The sum of all credits.</param>
/// <param name="DebitBalances">The sum of the debit balances.</param>
/// <param name="CreditBalances">The sum of the credit balances.</param>
/// <param name="Balanced">Whether debits equal credits. False means an error in the bank's software or data.</param>
public sealed record CurrencyTrialBalance(
    string Currency,
    IReadOnlyList<TrialBalanceLine> Lines,
    Amount Debits,
    Amount Credits,
    Amount DebitBalances,
    Amount CreditBalances,
    bool Balanced);

/// <summary>One account in a trial balance.</summary>
/// <param name="Debit">The sum of the debits.</param>
/// <param name="Credit">The sum of the credits.</param>
/// <param name="DebitBalance">The balance, if it is on the debit side.</param>
/// <param name="CreditBalance">The balance, if it is on the credit side.</param>
/// <param name="Entries">Link to the journal entries.</param>
/// <param name="Explanation">Link to what the line is made of.</param>
public sealed record TrialBalanceLine(
    string Account, short Number, GlKind Kind, Amount Debit, Amount Credit, Amount? DebitBalance, Amount? CreditBalance, string Entries,
    string Explanation);

public static class GetTrialBalanceEndpoint
{
    [WolverineGet("/v1/ledger/trial-balance", OperationId = "getTrialBalance")]
    [AsOfParameters]
    [Tags("Ledger")]
    [EndpointSummary("Get the trial balance of a day, as known at an instant")]
    [EndpointDescription(
        "Gets the balances of all ledger accounts at the end of a day, as known at an instant. Their sum is zero in each "
        + "currency.")]
    [Authorize(Policies.ReadBooks)]
    [Problems("known_in_future")]
    [ReadsFrom(LedgerModel.ModelName)]
    [ProducesResponseType<TrialBalanceView>(StatusCodes.Status200OK)]
    public static async Task<IResult> Get(GlBalances balances, TimeProvider clock, HttpContext http)
    {
        var (asOf, problem) = AsOf.Read(http.Request, clock);
        if (problem is not null)
        {
            return new ProblemResult(problem);
        }

        var currencies = (await balances.ReadAsync(asOf.Date, asOf.KnownAt, http.RequestAborted))
            .GroupBy(b => b.Currency).Select(c => Of(c.Key, [.. c], asOf));
        return TypedResults.Json(new TrialBalanceView(asOf.Date, asOf.KnownAt, [.. currencies]), ApiJson.Options);
    }

    private static CurrencyTrialBalance Of(Currency currency, IReadOnlyList<GlBalance> lines, AsOf asOf)
    {
        Amount Sum(Func<GlBalance, decimal> of) => Amount.OfMinor(lines.Sum(of), currency);
        return new(
            currency.Code, [.. lines.Select(l => Line(l, asOf))], Sum(l => l.Debits), Sum(l => l.Credits),
            Sum(l => Math.Max(l.Net, 0)), Sum(l => Math.Max(-l.Net, 0)), lines.Sum(l => l.Net) == 0);
    }

    private static TrialBalanceLine Line(GlBalance line, AsOf asOf)
    {
        var balance = Amount.OfMinor(Math.Abs(line.Net), line.Currency);
        return new(
            line.Account.Name, line.Account.Code, line.Account.Kind,
            Amount.OfMinor(line.Debits, line.Currency), Amount.OfMinor(line.Credits, line.Currency),
            line.IsDebit ? balance : null, line.IsDebit ? null : balance, asOf.EntriesOf(line),
            asOf.ExplanationOf(line.Account, line.Currency.Code));
    }
}
