using Banking.Commands.Decisions;
using Banking.SharedKernel;
using Microsoft.AspNetCore.Http;

namespace Banking.Web.Http;

/// <summary>Declares the query parameter tz of an answer whose days are those of the time zone.</summary>
/// <param name="description">Which days or times are of the time zone.</param>
[AttributeUsage(AttributeTargets.Method)]
public sealed class ZoneParameterAttribute(string description) : Attribute, IQueryParameters, IProblemCodes
{
    public IReadOnlyList<QueryParameter> Parameters { get; } =
    [
        new(ZoneQuery.Name, $"The IANA time zone of {description}.", typeof(string)),
    ];

    public IReadOnlyList<string> Codes { get; } = ["malformed_time"];
}

/// <summary>Reads the time zone whose midnights divide the days of an answer.</summary>
public static class ZoneQuery
{
    public const string Name = "tz";

    /// <summary>The zone, UTC if the query has none; or the problem.</summary>
    public static (string Zone, Refusal? Problem) Read(HttpRequest request)
    {
        var zone = request.Query.TryGetValue(Name, out var tz) ? tz.ToString() : LocalDay.Utc;
        return LocalDay.IsZone(zone)
            ? (zone, null)
            : (LocalDay.Utc, Refusal.Malformed(
                "malformed_time", "tz is an IANA time zone such as Europe/Berlin, in its own upper and lower case."));
    }
}
