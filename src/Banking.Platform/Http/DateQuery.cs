using System.Globalization;
using Banking.Platform.Commands;
using Microsoft.AspNetCore.Http;

namespace Banking.Platform.Http;

/// <summary>A day in a query, as it stands in the books: <c>2026-11-17</c>, in UTC.</summary>
public static class DateQuery
{
    /// <summary>The day, null where the query has none, or what is wrong with it.</summary>
    public static (DateOnly? Date, Refusal? Problem) Read(HttpRequest request, string name)
    {
        ArgumentNullException.ThrowIfNull(request);
        return !request.Query.TryGetValue(name, out var text)
            ? (null, null)
            : DateOnly.TryParseExact(text.ToString(), "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var date)
                ? (date, null)
                : (null, Problems.Malformed("malformed_date", $"{name} is a day such as 2026-11-17."));
    }
}
