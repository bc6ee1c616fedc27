using System.Text.RegularExpressions;

namespace Banking.SharedKernel;

/// <summary>Which points in time a clock on the wall of a time zone can mean.</summary>
internal static partial class LocalTimes
{
    // No zone since 1900 was further than 15 hours from Greenwich, so a jump that concerns the clock lies between the two samples.
    private static readonly TimeSpan Reach = TimeSpan.FromHours(16);

    /// <summary>The zone of exactly that IANA name, or null.</summary>
    public static TimeZoneInfo? Find(string name)
    {
        // The framework reads the name as a path below the zone folder: only the shape of a zone name may get there.
        // "right/…" counts leap seconds, lower-case names are files or aliases of this machine ("localtime").
        if (name.Length > 64 || !Name().IsMatch(name))
        {
            return null;
        }

        // Once a zone is cached the framework ignores case; answers must not depend on what was asked before.
        return TimeZoneInfo.TryFindSystemTimeZoneById(name, out var zone) && zone.Id == name ? zone : null;
    }

    /// <summary>
    /// The points in time at which the zone's clocks showed that time. Found from UTC, which is never ambiguous, and not with
    /// <see cref="TimeZoneInfo.IsInvalidTime(DateTime)"/>, which knows daylight saving only and not the day Samoa skipped in 2011.
    /// </summary>
    public static InstantResult Resolve(DateTime clock, TimeZoneInfo zone)
    {
        var before = OffsetAt(zone, clock.Ticks - Reach.Ticks);
        var after = OffsetAt(zone, clock.Ticks + Reach.Ticks);
        var (withBefore, withAfter) = (clock.Ticks - before, clock.Ticks - after);
        return (OffsetAt(zone, withBefore) == before, OffsetAt(zone, withAfter) == after) switch
        {
            (true, true) when before == after => Instants.AtUtcTicks(withBefore),
            (true, true) => Pair(withBefore, withAfter, zone, (earlier, later) => new InstantResult.Doubled(earlier, later)),
            (true, false) => Instants.AtUtcTicks(withBefore),
            (false, true) => Instants.AtUtcTicks(withAfter),
            (false, false) => Pair(withAfter, withBefore, zone, (early, late) => new InstantResult.Skipped(early, late)),
        };
    }

    private static InstantResult Pair(
        long first, long second, TimeZoneInfo zone, Func<DateTimeOffset, DateTimeOffset, InstantResult> make) =>
        (Instants.AtUtcTicks(first), Instants.AtUtcTicks(second)) switch
        {
            (InstantResult.Instant a, InstantResult.Instant b) => make(Local(a.Value, zone), Local(b.Value, zone)),
            (InstantResult.Malformed outside, _) => outside,
            (_, var outside) => outside,
        };

    private static DateTimeOffset Local(DateTimeOffset instant, TimeZoneInfo zone) => TimeZoneInfo.ConvertTime(instant, zone);

    private static long OffsetAt(TimeZoneInfo zone, long utcTicks)
    {
        var utc = new DateTime(Math.Clamp(utcTicks, 0, DateTime.MaxValue.Ticks), DateTimeKind.Utc);
        return zone.GetUtcOffset(utc).Ticks;
    }

    [GeneratedRegex(@"\A[A-Z][A-Za-z0-9_+-]*(/[A-Z][A-Za-z0-9_+-]*){0,2}\z", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant)]
    private static partial Regex Name();
}
