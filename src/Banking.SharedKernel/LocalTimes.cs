using System.Text.RegularExpressions;

namespace Banking.SharedKernel;

/// <summary>Converts the local time of a time zone to points in time.</summary>
internal static partial class LocalTimes
{
    // Since 1900 no zone has differed from UTC by more than 15 hours, so every relevant change of clocks is between the two samples.
    private static readonly TimeSpan SampleDistance = TimeSpan.FromHours(16);

    /// <summary>Finds the zone with exactly this IANA name, or null.</summary>
    public static TimeZoneInfo? Find(string name)
    {
        // The framework uses the name as a path below the zone folder, so only the form of a zone name is allowed. Zones of "right/…" count
        // leap seconds, and lower-case names are files or aliases of this machine ("localtime").
        if (name.Length > 64 || !Name().IsMatch(name))
        {
            return null;
        }

        // For cached zones the framework ignores case. The result must not depend on earlier calls.
        return TimeZoneInfo.TryFindSystemTimeZoneById(name, out var zone) && zone.Id == name ? zone : null;
    }

    /// <summary>
    /// Finds the points in time at which the zone's clocks showed this time. It compares offsets in UTC, which is never ambiguous.
    /// <see cref="TimeZoneInfo.IsInvalidTime(DateTime)"/> covers daylight saving only, not the day that Samoa skipped in 2011.
    /// </summary>
    public static InstantResult Resolve(DateTime clock, TimeZoneInfo zone)
    {
        var before = OffsetAt(zone, clock.Ticks - SampleDistance.Ticks);
        var after = OffsetAt(zone, clock.Ticks + SampleDistance.Ticks);
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
