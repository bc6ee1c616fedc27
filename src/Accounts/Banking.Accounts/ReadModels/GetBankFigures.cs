using System.Globalization;
using Banking.EventStore.Json;
using Banking.SharedKernel;
using Banking.Web.Http;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Banking.Accounts.ReadModels;

/// <summary>The figures of the bank for one day, by recorded time.</summary>
/// <param name="RecordedOn">The day on which the bank recorded the events, whenever they took effect; in UTC unless tz was given.</param>
public sealed record BankDayView(DateOnly RecordedOn, IReadOnlyList<BankFiguresView> Currencies);

/// <summary>The figures of one day in one currency.</summary>
/// <param name="Transfers">Transfers between accounts of the bank, each counted once.</param>
/// <param name="MoneyIn">What came into accounts from outside of them: deposits and credit corrections.</param>
/// <param name="MoneyOut">What left them: withdrawals and debit corrections.</param>
/// <param name="Freezes">How often an account was frozen, for debits, credits or both.</param>
public sealed record BankFiguresView(
    string Currency, CountedAmount Deposits, CountedAmount Withdrawals, CountedAmount Transfers, CountedAmount CreditCorrections,
    CountedAmount DebitCorrections, Amount MoneyIn, Amount MoneyOut, long AccountsOpened, long AccountsClosed, long Freezes,
    long Unfreezes);

/// <summary>A number of movements and the sum of their amounts.</summary>
public sealed record CountedAmount(long Count, Amount Amount);

public static class GetBankFiguresEndpoint
{
    /// <summary>Days without events are left out. The limit counts days.</summary>
    [WolverineGet("/v1/figures", OperationId = "listBankFigures")]
    [PageParameters]
    [QueryParameter<DateOnly>("from", "The first day of recording, such as 2026-11-01.")]
    [QueryParameter<DateOnly>("to", "The day after the last.")]
    [ZoneParameter("days, such as Europe/Berlin; UTC if left out")]
    [QueryParameter("currency", "Only this currency, an ISO 4217 code.")]
    [Tags("Accounts")]
    [EndpointSummary("List the daily figures of the bank by currency")]
    [EndpointDescription("Lists the figures of the whole bank by day of recording and currency.")]
    [Authorize(Policies.ReadBooks)]
    [Problems("malformed_period", "unknown_currency")]
    [ReadsFrom(EntriesModel.ModelName)]
    [ProducesResponseType<Page<BankDayView>>(StatusCodes.Status200OK)]
    public static async Task<IResult> Get(BankFigures figures, HttpContext http)
    {
        var (paging, _, period, problem) = Period.ReadPage(http.Request, isOfZone: true);
        var (zone, unknown) = ZoneQuery.Read(http.Request);
        if ((problem ?? unknown) is { } unfit)
        {
            return new ProblemResult(unfit);
        }

        var found = await figures.ReadAsync(period, zone, paging!.Limit + 1, http.RequestAborted);
        return TypedResults.Json(
            Page<BankDayView>.Of(
                [.. found.GroupBy(f => f.RecordedOn).Select(View)],
                paging,
                d => d.RecordedOn.AddDays(1).ToString("O", CultureInfo.InvariantCulture)),
            ApiJson.Options);
    }

    private static BankDayView View(IGrouping<DateOnly, BankFigure> day) =>
        new(day.Key, [.. day.GroupBy(f => f.Currency).Select(c => View(c.Key, c.ToDictionary(f => f.Kind)))]);

    private static BankFiguresView View(Currency currency, Dictionary<EntryKind, BankFigure> figures)
    {
        return new(
            currency.Code, Counted(EntryKind.Deposit), Counted(EntryKind.Withdrawal), Counted(EntryKind.Transfer),
            Counted(EntryKind.CreditCorrection), Counted(EntryKind.DebitCorrection),
            Shown(Of(EntryKind.Deposit).Amount + Of(EntryKind.CreditCorrection).Amount),
            Shown(Of(EntryKind.Withdrawal).Amount + Of(EntryKind.DebitCorrection).Amount),
            Of(EntryKind.Opened).Events, Of(EntryKind.Closed).Events, Of(EntryKind.Frozen).Events, Of(EntryKind.Unfrozen).Events);

        BankFigure Of(EntryKind kind) => figures.GetValueOrDefault(kind);
        Amount Shown(decimal minor) => Amount.OfMinor(minor, currency);
        CountedAmount Counted(EntryKind kind) => new(Of(kind).Events, Shown(Of(kind).Amount));
    }
}
