using System.Globalization;
using Banking.EventStore.Json;
using Banking.EventStore.Storage;
using Banking.SharedKernel;
using Banking.Web.Http;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Npgsql;
using NpgsqlTypes;
using Wolverine.Http;

namespace Banking.Accounts.ReadModels;

/// <summary>The figures of the bank for one day, by recorded time.</summary>
/// <param name="RecordedOn">The day in UTC on which the bank recorded the events, whenever they took effect.</param>
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
    private const string Sql =
        $"""
        with figure as (
            select * from {AccountsModule.Schema}.{EntriesModel.BankDay}
            where recorded_on >= $1 and recorded_on < $2 and ($3::text is null or currency = $3))
        select recorded_on, currency, scale, kind, events, amount from figure
        where recorded_on in (select distinct recorded_on from figure order by recorded_on limit $4)
        order by recorded_on, currency, scale
        """;

    /// <summary>Days without events are left out. The limit counts days.</summary>
    [WolverineGet("/v1/figures", OperationId = "listBankFigures")]
    [PageParameters]
    [QueryParameter<DateOnly>("from", "The first day of recording in UTC, such as 2026-11-01.")]
    [QueryParameter<DateOnly>("to", "The day after the last.")]
    [QueryParameter("currency", "Only this currency, an ISO 4217 code.")]
    [Tags("Accounts")]
    [EndpointSummary("List the daily figures of the bank by currency")]
    [EndpointDescription("Lists the figures of the whole bank by day of recording and currency.")]
    [Authorize(Policies.ReadBooks)]
    [Problems("malformed_period", "unknown_currency")]
    [ReadsFrom(EntriesModel.ModelName)]
    [ProducesResponseType<Page<BankDayView>>(StatusCodes.Status200OK)]
    public static async Task<IResult> Get(NpgsqlDataSource source, HttpContext http)
    {
        var (paging, _, period, problem) = Period.ReadPage(http.Request);
        if (problem is not null)
        {
            return new ProblemResult(problem);
        }

        var figures = await ReadAsync(source, period, paging!.Limit + 1, http.RequestAborted);
        var days = figures.GroupBy(f => f.RecordedOn).Select(View).ToList();
        return TypedResults.Json(
            Page<BankDayView>.Of(days, paging.Limit, d => d.RecordedOn.AddDays(1).ToString("O", CultureInfo.InvariantCulture)),
            ApiJson.Options);
    }

    private static Task<IReadOnlyList<Figure>> ReadAsync(NpgsqlDataSource source, Period period, int limit, CancellationToken ct) =>
        source.ListAsync(
            Sql,
            [period.From, period.To, NpgsqlDbType.Text.Of(period.Currency), limit],
            row => new Figure(
                row.GetFieldValue<DateOnly>(0),
                Currency.FromStored(row.GetString(1), row.GetInt16(2)),
                (EntryKind)row.GetInt16(3),
                row.GetInt64(4),
                row.GetDecimal(5)),
            ct);

    private static BankDayView View(IGrouping<DateOnly, Figure> day) =>
        new(day.Key, [.. day.GroupBy(f => f.Currency).Select(c => View(c.Key, c.ToDictionary(f => f.Kind)))]);

    private static BankFiguresView View(Currency currency, Dictionary<EntryKind, Figure> figures)
    {
        return new(
            currency.Code, Counted(EntryKind.Deposit), Counted(EntryKind.Withdrawal), Counted(EntryKind.Transfer),
            Counted(EntryKind.CreditCorrection), Counted(EntryKind.DebitCorrection),
            Shown(Of(EntryKind.Deposit).Amount + Of(EntryKind.CreditCorrection).Amount),
            Shown(Of(EntryKind.Withdrawal).Amount + Of(EntryKind.DebitCorrection).Amount),
            Of(EntryKind.Opened).Events, Of(EntryKind.Closed).Events, Of(EntryKind.Frozen).Events, Of(EntryKind.Unfrozen).Events);

        Figure Of(EntryKind kind) => figures.GetValueOrDefault(kind);
        Amount Shown(decimal minor) => Amount.OfMinor(minor, currency);
        CountedAmount Counted(EntryKind kind) => new(Of(kind).Events, Shown(Of(kind).Amount));
    }

    private readonly record struct Figure(DateOnly RecordedOn, Currency Currency, EntryKind Kind, long Events, decimal Amount);
}
