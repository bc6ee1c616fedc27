using Banking.Commands.Decisions;
using Banking.SharedKernel;
using Microsoft.AspNetCore.Http;

namespace Banking.Web.Http;

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
