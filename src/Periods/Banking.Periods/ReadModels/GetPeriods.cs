using System.Globalization;
using Banking.Commands.Decisions;
using Banking.EventStore.Json;
using Banking.EventStore.Log;
using Banking.EventStore.Storage;
using Banking.EventStore.Streams;
using Banking.Periods.Domain;
using Banking.Periods.Features;
using Banking.Web.Http;
using JasperFx.Events;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Npgsql;
using Wolverine.Http;

namespace Banking.Periods.ReadModels;

/// <summary>Reads the periods of the bank from their events, which are a dozen a year.</summary>
public sealed class PeriodReader(EventReader events, NpgsqlDataSource source, TimeProvider clock)
{
    private const string FirstRecorded = $"select min(timestamp) from (select timestamp from {SchemaNames.Events}.mt_events "
        + "order by seq_id limit 1) e";

    internal async Task<PeriodHistory> ReadAsync(CancellationToken ct)
    {
        var all = await events.StreamAsync(AccountingPeriods.Stream, 1, 0, ct);
        var now = clock.GetUtcNow();
        var firstRecorded = await source.ScalarAsync<DateTime?>(FirstRecorded, [], ct) ?? now.UtcDateTime;
        var periods = StreamFold.Of<AccountingPeriods>(AccountingPeriods.Stream, all);
        var first = Month.Of(firstRecorded);
        foreach (var closed in all.Select(e => e.Data).OfType<PeriodClosed>())
        {
            first = closed.From < first.From ? new(closed.From) : first;
        }

        return new(first, Month.Of(now), periods, all, now);
    }
}

/// <summary>The periods of the bank.</summary>
/// <param name="First">The first month that the bank recorded anything in, or that was closed.</param>
/// <param name="Last">The running month.</param>
internal sealed record PeriodHistory(
    Month First, Month Last, AccountingPeriods? Periods, IReadOnlyList<IEvent> Events, DateTimeOffset Now)
{
    public PeriodView View(Month month) => PeriodView.Of(month, Periods, Events, Now);
}

public static class GetPeriodsEndpoint
{
    [WolverineGet("/v1/periods", OperationId = "listPeriods")]
    [PageParameters]
    [Tags("Periods")]
    [EndpointSummary("List the accounting periods, newest first")]
    [EndpointDescription("Lists the months of the bank, newest first, from the running one to the first in which anything was recorded.")]
    [Authorize(Policies.ReadPeriods)]
    [ProducesResponseType<Page<PeriodView>>(StatusCodes.Status200OK)]
    public static async Task<IResult> List(PeriodReader reader, HttpContext http)
    {
        var (paging, before, problem) = Paging.ReadNumbers(http.Request, long.MaxValue);
        if (problem is not null)
        {
            return new ProblemResult(problem);
        }

        var history = await reader.ReadAsync(http.RequestAborted);
        var last = (int)Math.Min(history.Last.Number, before - 1);
        var count = Math.Clamp(last - history.First.Number + 1, 0, paging!.Limit + 1);
        var months = Enumerable.Range(0, count).Select(i => Month.OfNumber(last - i)).ToList();
        var page = Page<Month>.Of(months, paging, m => m.Number.ToString(CultureInfo.InvariantCulture));
        return TypedResults.Json(new Page<PeriodView>([.. page.Items.Select(history.View)], page.NextCursor), ApiJson.Options);
    }

    [WolverineGet("/v1/periods/{month}", OperationId = "getPeriod")]
    [Tags("Periods")]
    [EndpointSummary("Read an accounting period")]
    [EndpointDescription("Reads a month: whether it is closed, by whom, with which totals and checks, and whether it was reopened.")]
    [Authorize(Policies.ReadPeriods)]
    [Problems("malformed_month", "period_not_found")]
    [ProducesResponseType<PeriodView>(StatusCodes.Status200OK)]
    public static async Task<IResult> Get(string month, PeriodReader reader, HttpContext http)
    {
        if (ClosePeriod.MonthProblem(month) is { } malformed)
        {
            return new ProblemResult(malformed);
        }

        var (wanted, history) = (Month.Parse(month)!.Value, await reader.ReadAsync(http.RequestAborted));
        return wanted >= history.First && wanted <= history.Last
            ? TypedResults.Json(history.View(wanted), ApiJson.Options)
            : new ProblemResult(Refusal.NotFound("period_not_found", "The bank has no such period.", ("month", month)));
    }
}
