using Banking.Commands.Decisions;
using Banking.SharedKernel;
using Microsoft.AspNetCore.Http;

namespace Banking.Web.Http;

/// <summary>Reads a business day from a query, such as <c>2026-11-17</c>, in UTC.</summary>
public static class DateQuery
{
    /// <summary>The refusal of a period that ends before it begins.</summary>
    public static Refusal Reversed => Refusal.Malformed("malformed_period", "to is the end of the period and must not be before from.");

    /// <summary>The day; null if the query has none; or its problem.</summary>
    public static (DateOnly? Date, Refusal? Problem) Read(HttpRequest request, string name)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (!request.Query.TryGetValue(name, out var text))
        {
            return (null, null);
        }

        if (!Exact.TryDay(text.ToString(), out var date))
        {
            return (null, Refusal.Malformed("malformed_date", $"{name} must be a day such as 2026-11-17."));
        }

        // A day of another time zone is a different period: answering for the UTC day would be wrong.
        return request.Query.ContainsKey("tz")
            ? (null, Refusal.Malformed(
                "time_zone_not_applicable",
                $"{name} is a day of the books, which are kept in UTC: leave out tz, and give instants with an offset."))
            : (date, null);
    }
}
