using System.Globalization;
using Banking.Accounts.Domain;
using Banking.Commands.Decisions;
using Banking.EventStore.Json;
using Banking.SharedKernel;
using Banking.Web.Http;
using Banking.Web.OpenApi;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Banking.Accounts.ReadModels;

/// <summary>The figures of an account for one day or month, by effective time.</summary>
/// <param name="Period">The day (2026-01-06) or month (2026-01), in UTC unless tz was given.</param>
/// <param name="From">The first day included: the period's first day, or the query's if that is later.</param>
/// <param name="To">The day after the last day included: the period's end, or the query's if that is earlier.</param>
/// <param name="ClosingBalance">The balance of all movements that took effect before <paramref name="To"/>.</param>
[SchemaName("AccountFiguresView")]
public sealed record FiguresView(
    string Period, DateOnly From, DateOnly To, Amount Credits, Amount Debits, int Movements, Amount ClosingBalance);

public static class GetFiguresEndpoint
{
    /// <summary>Periods without movements are left out.</summary>
    [WolverineGet("/v1/accounts/{account}/figures", OperationId = "listAccountFigures")]
    [PageParameters]
    [QueryParameter("by", "The length of a period; month if left out.", Values = new[] { "day", "month" })]
    [QueryParameter<DateOnly>("from", "The first day, such as 2026-01-31.")]
    [QueryParameter<DateOnly>("to", "The day after the last.")]
    [KnownAtParameter]
    [ZoneParameter("days and of a local knownAt, such as Europe/Berlin; UTC if left out")]
    [Tags("Accounts")]
    [EndpointSummary("List daily or monthly figures")]
    [EndpointDescription("Lists the turnover and the closing balance of an account by day or month of a time zone.")]
    [Authorize(Policies.Read)]
    [Problems("account_not_found", "malformed_filter", "malformed_period")]
    [ProducesResponseType<Page<FiguresView>>(StatusCodes.Status200OK)]
    public static async Task<IResult> Get(
        string account, AccountReader reader, AccountFigures figures, MomentReader moments, TimeProvider clock, HttpContext http)
    {
        if (await reader.FindAsync(account, http) is not { } found)
        {
            return new ProblemResult(Visibility.NotFound(account));
        }

        var (paging, problem) = Paging.Read(http.Request);
        var (from, wrong) = ReadDate(http.Request, "from", Earliest);
        var (to, unfit) = ReadDate(http.Request, "to", Latest);
        var by = http.Request.Query.TryGetValue("by", out var text) ? text.ToString() : "month";
        var format = by switch { "month" => "yyyy-MM", "day" => "yyyy-MM-dd", _ => null };
        var (zone, unknown) = ZoneQuery.Read(http.Request);
        problem ??= wrong ?? unfit ?? unknown ?? (from > to ? DateQuery.Reversed() : null)
            ?? (format is null ? Refusal.Malformed("malformed_filter", "by is day or month.") : null);
        var (known, future) = await moments.KnownVersionAsync(http.Request, found, clock.GetUtcNow());
        problem ??= future;
        var requested = (From: from, To: to);
        if (problem is null && paging!.After is { } after)
        {
            problem = Exact.TryDay(after, out var next) ? null : Paging.Malformed;
            from = next > from ? next : from;
        }

        if (problem is not null)
        {
            return new ProblemResult(problem);
        }

        var periods = await figures.ReadAsync(found, from, to, by == "month", zone, known, paging!.Limit + 1, http.RequestAborted);
        return TypedResults.Json(ToPage(found, periods, from, requested, format!, paging), ApiJson.Options);
    }

    private static readonly DateOnly Earliest = new(1900, 1, 1);
    private static readonly DateOnly Latest = new(9999, 12, 31);

    private static Page<FiguresView> ToPage(
        Account account,
        SortedDictionary<DateOnly, DaySums> periods,
        DateOnly from,
        (DateOnly From, DateOnly To) requested,
        string format,
        Paging paging)
    {
        var balance = 0m;
        var items = new List<FiguresView>();
        foreach (var (day, sums) in periods)
        {
            balance += sums.Credits - sums.Debits;
            if (items.Count == paging.Limit)
            {
                // The next page begins with the period that does not fit.
                return new(items, paging.Encode(day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)));
            }

            if (day >= from)
            {
                var (first, end) = RequestedPart(day, format, requested);
                items.Add(new(
                    day.ToString(format, CultureInfo.InvariantCulture), first, end,
                    Shown(sums.Credits), Shown(sums.Debits), sums.Movements, Shown(balance)));
            }
        }

        return new(items, null);

        Amount Shown(decimal minor) => Amount.OfMinor(minor, account.Currency);
    }

    /// <summary>The requested part of the period that contains a day.</summary>
    private static (DateOnly From, DateOnly To) RequestedPart(DateOnly day, string format, (DateOnly From, DateOnly To) requested)
    {
        var isMonth = format == "yyyy-MM";
        var start = isMonth ? new DateOnly(day.Year, day.Month, 1) : day;
        var last = isMonth ? new DateOnly(day.Year, day.Month, DateTime.DaysInMonth(day.Year, day.Month)) : day;
        // The last day that .NET can represent has no successor.
        var end = last == DateOnly.MaxValue ? last : last.AddDays(1);
        return (requested.From > start ? requested.From : start, requested.To < end ? requested.To : end);
    }

    private static (DateOnly Date, Refusal? Problem) ReadDate(HttpRequest request, string name, DateOnly otherwise) =>
        !request.Query.TryGetValue(name, out var text) ? (otherwise, null)
        : Exact.TryDay(text.ToString(), out var date) && date >= Earliest ? (date, null)
        : (otherwise, Refusal.Malformed("malformed_date", $"{name} is a date such as 2026-01-31."));
}
