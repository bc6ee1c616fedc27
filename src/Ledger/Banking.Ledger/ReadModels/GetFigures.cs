using System.Globalization;
using Banking.Commands.Decisions;
using Banking.EventStore.Json;
using Banking.EventStore.Storage;
using Banking.Ledger.Domain;
using Banking.SharedKernel;
using Banking.Web.Http;
using Banking.Web.OpenApi;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Npgsql;
using NpgsqlTypes;
using Wolverine.Http;

namespace Banking.Ledger.ReadModels;

/// <summary>The figures of the ledger's accounts for one period, by effective day.</summary>
/// <param name="From">The first day included: the period's first day, or the query's if that is later.</param>
/// <param name="To">The day after the last day included: the period's end, or the query's if that is earlier.</param>
[SchemaName("LedgerFiguresView")]
public sealed record FiguresView(DateOnly From, DateOnly To, IReadOnlyList<FigureView> Accounts);

/// <summary>The figures of one account for one period.</summary>
/// <param name="Count">The number of journal lines.</param>
/// <param name="Entries">Link to the journal entries.</param>
public sealed record FigureView(string Account, short Number, GlKind Kind, Amount Debit, Amount Credit, long Count, string Entries);

public static class GetFiguresEndpoint
{
    private const string Sql =
        $"""
        with figure as (
            select date_trunc($1, effective_on::timestamp)::date as period, currency, scale, gl,
                sum(debits) as debits, sum(credits) as credits, sum(entries)::bigint as entries
            from {LedgerModule.Schema}.{LedgerModel.Day}
            where effective_on >= $2 and effective_on < $3 and ($4::text is null or currency = $4) group by 1, 2, 3, 4)
        select period, currency, scale, gl, debits, credits, entries from figure
        where period in (select distinct period from figure order by period limit $5) order by period, currency, scale, gl
        """;

    /// <summary>Periods without entries are left out. The limit counts periods.</summary>
    [WolverineGet("/v1/ledger/figures", OperationId = "listLedgerFigures")]
    [PageParameters]
    [PeriodParameters]
    [QueryParameter("tz", "UTC, in which the ledger keeps its days. Any other time zone is refused.")]
    [QueryParameter("by", "The length of a period; day if left out. The limit counts periods.", Values = new[] { "day", "month" })]
    [Tags("Ledger")]
    [EndpointSummary("List the figures of each ledger account by day or month")]
    [EndpointDescription("Lists the debits, credits and balances of each ledger account by day or month.")]
    [Authorize(Policies.ReadBooks)]
    [Problems("malformed_filter", "malformed_period", "unknown_currency")]
    [ReadsFrom(LedgerModel.ModelName)]
    [ProducesResponseType<Page<FiguresView>>(StatusCodes.Status200OK)]
    public static async Task<IResult> Get(NpgsqlDataSource source, HttpContext http)
    {
        var (paging, requested, period, problem) = Period.ReadPage(http.Request);
        var by = http.Request.Query.TryGetValue("by", out var text) ? text.ToString() : "day";
        var zone = DateQuery.ZoneProblem(http.Request, "period") is { } wrong
            ? wrong with { Detail = "The ledger keeps its days in UTC: leave out tz." }
            : null;
        problem ??= zone ?? (by is "day" or "month"
            ? null
            : Refusal.Malformed("malformed_filter", "by is day or month."));
        if (problem is not null)
        {
            return new ProblemResult(problem);
        }

        var figures = await ReadAsync(source, by, period, paging!.Limit + 1, http.RequestAborted);
        var views = figures.GroupBy(f => f.Start).Select(p => View(p.Key, by, requested, p)).ToList();
        return TypedResults.Json(
            Page<FiguresView>.Of(views, paging, v => v.To.ToString("O", CultureInfo.InvariantCulture)), ApiJson.Options);
    }

    private static Task<IReadOnlyList<(DateOnly Start, GlBalance Sums, long Count)>> ReadAsync(
        NpgsqlDataSource source, string by, Period period, int limit, CancellationToken ct) => source.ListAsync(
        Sql,
        [by, period.From, period.To, NpgsqlDbType.Text.Of(period.Currency), limit],
        row => (
            row.GetFieldValue<DateOnly>(0),
            new GlBalance(
                Chart.Of(row.GetInt16(3)),
                Currency.FromStored(row.GetString(1), row.GetInt16(2)),
                row.GetDecimal(4),
                row.GetDecimal(5)),
            row.GetInt64(6)),
        ct);

    private static FiguresView View(
        DateOnly start, string by, Period requested, IEnumerable<(DateOnly, GlBalance Sums, long Count)> figures)
    {
        var end = by == "day" ? start.AddDays(1) : start.AddMonths(1);
        var (from, to) = (requested.From > start ? requested.From : start, requested.To < end ? requested.To : end);
        return new(from, to, [.. figures.Select(f => new FigureView(
            f.Sums.Account.Name, f.Sums.Account.Code, f.Sums.Account.Kind,
            Amount.OfMinor(f.Sums.Debits, f.Sums.Currency), Amount.OfMinor(f.Sums.Credits, f.Sums.Currency), f.Count,
            LedgerQuery.Entries(f.Sums.Account, f.Sums.Currency.Code)
                + string.Create(CultureInfo.InvariantCulture, $"&from={from:O}&to={to:O}")))]);
    }
}
