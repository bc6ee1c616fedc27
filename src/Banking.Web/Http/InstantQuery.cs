using Banking.Commands.Decisions;
using Banking.SharedKernel;
using Microsoft.AspNetCore.Http;

namespace Banking.Web.Http;

/// <summary>Reads an instant from a query: RFC 3339 with an offset, or a local time with <c>tz=</c>.</summary>
public static class InstantQuery
{
    /// <summary>
    /// The problem of a time zone, or null. A time zone without any of these instants is refused, because it would have no effect.
    /// </summary>
    public static Refusal? ZoneProblem(HttpRequest request, params ReadOnlySpan<string> instants)
    {
        if (!request.Query.TryGetValue("tz", out var zone))
        {
            return null;
        }

        if (zone.ToString().Length == 0)
        {
            return Refusal.Malformed("malformed_time", "tz is empty; give an IANA name such as Europe/Berlin, or leave it out.");
        }

        foreach (var name in instants)
        {
            if (request.Query.ContainsKey(name))
            {
                return null;
            }
        }

        return Refusal.Malformed(
            "time_zone_not_applicable", $"tz has no effect: give {Text(instants)}, or leave out tz.");
    }

    private static string Text(ReadOnlySpan<string> names) => names is [var only]
        ? only
        : $"{string.Join(", ", names[..^1]!)} or {names[^1]}";

    /// <summary>
    /// The instant; null if the query has none; or its problem. The refusal of a local time that was skipped or doubled names both
    /// candidates.
    /// </summary>
    public static (DateTimeOffset? Instant, Refusal? Problem) Read(HttpRequest request, string name)
    {
        if (!request.Query.TryGetValue(name, out var text))
        {
            return (null, null);
        }

        return Instants.Parse(text, request.Query["tz"]) switch
        {
            InstantResult.Instant instant => (instant.Value, null),
            InstantResult.Skipped skipped => (null, Refusal.Of(
                RefusalKind.Invalid, "local_time_skipped",
                $"{name}: this local time does not exist, because daylight saving time skipped it.",
                ("candidates", new[] { skipped.Before, skipped.After }))),
            InstantResult.Doubled doubled => (null, Refusal.Of(
                RefusalKind.Invalid, "local_time_doubled",
                $"{name}: this local time occurred twice, because daylight saving time ended.",
                ("candidates", new[] { doubled.Earlier, doubled.Later }))),
            InstantResult.Malformed malformed => (null, Refusal.Malformed("malformed_time", $"{name}: {malformed.Why}")),
            var other => throw new InvalidOperationException($"{other.GetType().Name} is not a known result of parsing a time."),
        };
    }
}
