using Banking.Commands.Decisions;
using Banking.SharedKernel;
using Microsoft.AspNetCore.Http;

namespace Banking.Web.Http;

/// <summary>A range of days, whose end is exclusive, and a currency; null for all currencies.</summary>
public readonly record struct Period(DateOnly From, DateOnly To, string? Currency)
{
    /// <summary>Reads <c>from</c>, <c>to</c> and <c>currency</c>, each of which may be left out.</summary>
    /// <param name="isOfZone">Whether the days are those of the time zone that the query names; otherwise they are days of UTC.</param>
    public static (Period Period, Refusal? Problem) Read(HttpRequest request, bool isOfZone = false)
    {
        var (from, problem) = DateQuery.Read(request, "from", isOfZone);
        var (to, unfit) = DateQuery.Read(request, "to", isOfZone);
        problem ??= unfit ?? (from > to ? DateQuery.Reversed() : null);
        var currency = request.Query.TryGetValue("currency", out var text) ? text.ToString() : null;
        // Any code, not only active currencies: the books keep entries in withdrawn currencies.
        if (problem is null && currency is not null && (currency.Length != 3 || !currency.All(char.IsAsciiLetterUpper)))
        {
            problem = Refusal.Malformed("unknown_currency", "currency is an ISO 4217 code.");
        }

        // DateOnly.MinValue and MaxValue mean no bound; Npgsql sends them as -infinity and infinity.
        return (new(from ?? DateOnly.MinValue, to ?? DateOnly.MaxValue, currency), problem);
    }

    /// <summary>Reads a page of the days of a period. Its cursor is the day on which it begins.</summary>
    /// <returns>The paging, the requested period, and the part of it from the page on.</returns>
    public static (Paging? Paging, Period Requested, Period FromPage, Refusal? Problem) ReadPage(
        HttpRequest request, bool isOfZone = false)
    {
        var (paging, problem) = Paging.Read(request);
        var (period, unfit) = Read(request, isOfZone);
        problem ??= unfit;
        if (problem is not null || paging!.After is not { } after)
        {
            return (paging, period, period, problem);
        }

        return Exact.TryDay(after, out var begin)
            ? (paging, period, period with { From = begin > period.From ? begin : period.From }, null)
            : (null, period, period, Paging.Malformed);
    }
}
