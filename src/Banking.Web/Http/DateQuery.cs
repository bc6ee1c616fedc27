using Banking.Commands.Decisions;
using Banking.SharedKernel;
using Microsoft.AspNetCore.Http;

namespace Banking.Web.Http;

/// <summary>A day in a query, as it stands in the books: <c>2026-11-17</c>, in UTC.</summary>
public static class DateQuery
{
    /// <summary>The answer to a period that ends before it begins.</summary>
    public static Refusal Reversed => Problems.Malformed("malformed_period", "to is where the period ends and must not be before from.");

    /// <summary>The day, null where the query has none, or what is wrong with it.</summary>
    public static (DateOnly? Date, Refusal? Problem) Read(HttpRequest request, string name)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (!request.Query.TryGetValue(name, out var text))
        {
            return (null, null);
        }

        if (!Exact.TryDay(text.ToString(), out var date))
        {
            return (null, Problems.Malformed("malformed_date", $"{name} is a day such as 2026-11-17."));
        }

        // A day of another zone is another day: answering for the one in UTC would answer something that was not asked.
        return request.Query.ContainsKey("tz")
            ? (null, Problems.Malformed(
                "time_zone_not_applicable",
                $"{name} is a day of the books, which are kept in UTC: leave out tz, and give instants an offset."))
            : (date, null);
    }
}
