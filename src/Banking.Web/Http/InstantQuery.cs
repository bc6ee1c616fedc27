using Banking.Commands.Decisions;
using Banking.SharedKernel;
using Microsoft.AspNetCore.Http;

namespace Banking.Web.Http;

/// <summary>Reads an instant from a query: RFC 3339 with an offset, or a local time with <c>tz=</c>.</summary>
public static class InstantQuery
{
    /// <summary>
    /// The problem of a time zone, or null. A time zone without a time that it could apply to is refused: it would have no effect.
    /// </summary>
    public static Refusal? ZoneProblem(HttpRequest request)
    {
        if (!request.Query.TryGetValue(ZoneQuery.Name, out var zone))
        {
            return null;
        }

        if (zone.ToString().Length == 0)
        {
            return Refusal.Malformed("malformed_time", "tz is empty; give an IANA name such as Europe/Berlin, or leave it out.");
        }

        var names = NamesOfTimes(request);
        return names.Any(request.Query.ContainsKey)
            ? null
            : Refusal.Malformed("time_zone_not_applicable", $"tz has no effect: give {Text(names)}, or leave out tz.");
    }

    private static string Text(IReadOnlyList<string> names) => names is [var only]
        ? only
        : $"{string.Join(", ", names.SkipLast(1))} or {names[^1]}";

    /// <summary>The parameters of the endpoint whose values may be local times or days.</summary>
    private static List<string> NamesOfTimes(HttpRequest request) =>
    [
        .. request.HttpContext.GetEndpoint()!.Metadata.GetOrderedMetadata<IQueryParameters>().SelectMany(p => p.Parameters)
            .Where(p => p.IsOfZone).Select(p => p.Name),
    ];

    /// <summary>Whether the time zone of a query applies to something else than one of its parameters.</summary>
    private static bool IsZoneOfOthers(HttpRequest request, string name) =>
        request.HttpContext.GetEndpoint()!.Metadata.GetMetadata<ZoneParameterAttribute>() is not null
        || NamesOfTimes(request).Any(other =>
            other != name && request.Query.TryGetValue(other, out var text) && !Instants.HasOffset(text.ToString()));

    /// <summary>
    /// The instant; null if the query has none; or its problem. The refusal of a local time that was skipped or doubled names both
    /// candidates. An instant with an offset is refused together with a time zone, unless the zone is that of other times or days.
    /// </summary>
    public static (DateTimeOffset? Instant, Refusal? Problem) Read(HttpRequest request, string name)
    {
        if (!request.Query.TryGetValue(name, out var text))
        {
            return (null, null);
        }

        var zone = request.Query[ZoneQuery.Name].ToString();
        return Instants.Parse(text, Instants.HasOffset(text.ToString()) && IsZoneOfOthers(request, name) ? null : zone) switch
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
