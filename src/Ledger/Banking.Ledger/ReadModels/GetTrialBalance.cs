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

/// <summary>What all accounts of the general ledger hold, which must come to nothing.</summary>
/// <param name="Date">What counted up to and on this day …</param>
/// <param name="KnownAt">… as known at this instant; absent where nothing else was asked than all that is known.</param>
public sealed record TrialBalanceView(DateOnly Date, DateTimeOffset? KnownAt, IReadOnlyList<CurrencyTrialBalance> Currencies);

/// <summary>The trial balance of one currency.</summary>
/// <param name="Debits">All debits there were …</param>
/// <param name="Credits">… and all credits.</param>
/// <param name="DebitBalances">What stands on the debit side once each account is netted …</param>
/// <param name="CreditBalances">… and on the credit side.</param>
/// <param name="Balanced">Whether the sides are equal. Anything but true is a fault of the bank's.</param>
public sealed record CurrencyTrialBalance(
    string Currency,
    IReadOnlyList<TrialBalanceLine> Lines,
    Amount Debits,
    Amount Credits,
    Amount DebitBalances,
    Amount CreditBalances,
    bool Balanced);

/// <summary>One account in a trial balance.</summary>
/// <param name="Debit">What was debited.</param>
/// <param name="Credit">What was credited.</param>
/// <param name="DebitBalance">The difference, where it stands on the debit side.</param>
/// <param name="CreditBalance">The difference, where it stands on the credit side.</param>
/// <param name="Entries">Where the entries are.</param>
public sealed record TrialBalanceLine(
    string Account, short Number, GlKind Kind, Amount Debit, Amount Credit, Amount? DebitBalance, Amount? CreditBalance, string Entries);

public static class GetTrialBalanceEndpoint
{
    [WolverineGet("/v1/ledger/trial-balance")]
    [AsOfParameters]
    [Tags("Ledger")]
    [EndpointSummary("Get the trial balance of any day, as known at any instant")]
    [Authorize(Policies.ReadBooks)]
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
            line.IsDebit ? balance : null, line.IsDebit ? null : balance, asOf.EntriesOf(line));
    }
}
