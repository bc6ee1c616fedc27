using Banking.Commands.Decisions;
using Banking.SharedKernel;
using Microsoft.AspNetCore.Http;

namespace Banking.Web.Http;

/// <summary>The instants from one on and before another; null for no bound.</summary>
public readonly record struct Interval(DateTimeOffset? From, DateTimeOffset? To)
{
    /// <summary>The problems of two bounds.</summary>
    public static readonly IReadOnlyList<string> Codes = ["malformed_period", "malformed_time", "local_time_skipped", "local_time_doubled"];

    public bool Contains(DateTimeOffset instant) => !(instant < From) && !(instant >= To);

    /// <summary>
    /// Reads two bounds of a query. Each is an instant, a local time with <c>tz</c>, or a day such as 2026-11-17, which means its first
    /// instant in the time zone <c>tz</c>, or in UTC.
    /// </summary>
    public static (Interval Interval, Refusal? Problem) Read(HttpRequest request, string from, string to)
    {
        var (begin, problem) = ReadBound(request, from);
        var (end, unfit) = ReadBound(request, to);
        return (new(begin, end), problem ?? unfit ?? (begin > end ? DateQuery.Reversed(from, to) : null));
    }

    private static (DateTimeOffset? Bound, Refusal? Problem) ReadBound(HttpRequest request, string name)
    {
        if (!request.Query.TryGetValue(name, out var text) || !Exact.TryDay(text.ToString(), out var day))
        {
            return InstantQuery.Read(request, name);
        }

        var (zone, problem) = ZoneQuery.Read(request);
        return problem is not null ? (null, problem)
            : LocalDay.StartOf(day, zone) is { } start ? (start, null)
            : (null, Refusal.Malformed("malformed_time", $"{name}: days from 1900-01-02 to 9999-12-30 are accepted."));
    }
}

/// <summary>Declares the query parameters of an <see cref="Interval"/>.</summary>
/// <param name="what">What lies in the interval, such as "Took effect".</param>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
public sealed class IntervalParametersAttribute(string from, string to, string what) : Attribute, IQueryParameters, IProblemCodes
{
    public IReadOnlyList<QueryParameter> Parameters { get; } =
    [
        // Text, not date-time: a client that sends an instant always sends an offset, and then a time zone has no effect.
        new(
            from,
            $"{what} at or after this: an instant such as 2026-11-17T15:00:00+01:00, a local time such as 2026-11-17T15:00 with tz, or a "
                + "day such as 2026-11-17.",
            typeof(string)) { IsOfZone = true },
        new(to, $"{what} before this: an instant, a local time with tz, or a day.", typeof(string)) { IsOfZone = true },
    ];

    public IReadOnlyList<string> Codes { get; } = Interval.Codes;
}
