using Banking.Commands.Decisions;
using Banking.SharedKernel;
using Microsoft.AspNetCore.Http;

namespace Banking.Web.Http;

/// <summary>Reads a business day from a query, such as <c>2026-11-17</c>.</summary>
public static class DateQuery
{
    /// <summary>The refusal of a period that ends before it begins.</summary>
    public static Refusal Reversed(string from = "from", string to = "to") =>
        Refusal.Malformed("malformed_period", $"{to} is the end of the period and must not be before {from}.");

    /// <summary>The refusal of another time zone than UTC for days of books that are kept in UTC; null if the query has none.</summary>
    public static Refusal? ZoneProblem(HttpRequest request, string name)
    {
        // A day of another time zone is a different period: answering for the UTC day would be wrong.
        return request.Query.TryGetValue(ZoneQuery.Name, out var zone) && zone != LocalDay.Utc
            ? Refusal.Malformed(
                "time_zone_not_applicable",
                $"{name} is a day of the books, which are kept in UTC: leave out tz, and give instants with an offset.")
            : null;
    }

    /// <summary>The day; null if the query has none; or its problem.</summary>
    /// <param name="isOfZone">Whether the answer has days of the time zone that the query names; otherwise they are days of UTC.</param>
    public static (DateOnly? Date, Refusal? Problem) Read(HttpRequest request, string name, bool isOfZone = false)
    {
        if (!request.Query.TryGetValue(name, out var text))
        {
            return (null, null);
        }

        if (!Exact.TryDay(text.ToString(), out var date))
        {
            return (null, Refusal.Malformed("malformed_date", $"{name} must be a day such as 2026-11-17."));
        }

        return !isOfZone && ZoneProblem(request, name) is { } problem ? (null, problem) : (date, null);
    }
}
