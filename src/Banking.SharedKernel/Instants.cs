using System.Globalization;
using System.Text.RegularExpressions;

namespace Banking.SharedKernel;

/// <summary>
/// Parses points in time of queries: RFC 3339 with an offset, or a local time with an IANA time zone. For a local time that daylight saving
/// skipped or doubled the result has both candidates.
/// </summary>
public static partial class Instants
{
    private static readonly DateTime Earliest = new(1900, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    /// <summary>
    /// Parses <c>2026-11-17T15:00:00+01:00</c> (seconds required, <c>Z</c> or an offset, <c>T</c> and <c>Z</c> in either case), or
    /// <c>2026-11-17T15:00</c> with a time zone. Never throws.
    /// <para>A fraction may have any length and is cut to microseconds. The second 60 is accepted at the end of a month in UTC, as a leap
    /// second, and means the next second. A space before the offset counts as a plus, because query strings turn an unescaped plus into a
    /// space. Years outside 1900 to 9999 (in UTC) are refused.</para>
    /// </summary>
    /// <param name="text">The time.</param>
    /// <param name="timeZone">An IANA name such as <c>Europe/Berlin</c>. Null or empty if the text has an offset.</param>
    public static InstantResult Parse(string? text, string? timeZone) => Parse(text, timeZone, TimeSpan.TicksPerMicrosecond);

    /// <summary>
    /// Parses an instant with an offset to a tenth of a microsecond. The fingerprint of a request uses this precision, so that it covers
    /// the request as sent; the stored instant is cut (<see cref="CutToMicroseconds"/>).
    /// </summary>
    public static InstantResult ParseAsSent(string? text) => Parse(text, null, unit: 1);

    /// <summary>Whether the text has the form of a time with an offset.</summary>
    public static bool HasOffset(string text) => Shape().Match(text).Groups["offset"].Success;

    /// <summary>Cuts the instant to the precision of the database.</summary>
    public static DateTimeOffset CutToMicroseconds(this DateTimeOffset instant) =>
        new(instant.Ticks - (instant.Ticks % TimeSpan.TicksPerMicrosecond), instant.Offset);

    private static InstantResult Parse(string? text, string? timeZone, long unit)
    {
        var match = Shape().Match(text ?? "");
        if (!match.Success || !TryClock(match, unit, out var clock, out var isLeap))
        {
            return Malformed("The time is not RFC 3339: write 2026-11-17T15:00:00+01:00, or 2026-11-17T15:00 with a time zone.");
        }

        var hasZone = !string.IsNullOrEmpty(timeZone);
        return (match.Groups["offset"].Success, hasZone) switch
        {
            (true, true) => Malformed("The time has an offset and a time zone, which could disagree: omit one of them."),
            (false, false) => Malformed("The time has no offset: add Z or +01:00, or name a time zone such as Europe/Berlin."),
            (true, false) when !match.Groups["second"].Success =>
                Malformed("A time with an offset needs seconds: write 15:00:00, not 15:00."),
            (true, false) => AtOffset(clock, match.Groups["offset"].ValueSpan, isLeap),
            (false, true) when isLeap => NoLeapSecond,
            (false, true) => LocalTimes.Find(timeZone!) is { } zone
                ? LocalTimes.Resolve(clock, zone)
                : Malformed("The time zone is unknown: write an IANA name such as Europe/Berlin, in its own upper and lower case."),
        };
    }

    /// <summary>Creates the instant from ticks in UTC. Malformed outside the years 1900 to 9999.</summary>
    public static InstantResult AtUtcTicks(long ticks) => ticks < Earliest.Ticks || ticks > DateTime.MaxValue.Ticks
        ? Malformed("The time is outside the years 1900 to 9999.")
        : new InstantResult.Instant(new(ticks, TimeSpan.Zero));

    private static InstantResult AtOffset(DateTime clock, ReadOnlySpan<char> offset, bool isLeap)
    {
        if (offset is "Z" or "z")
        {
            return AtUtcTicks(clock.Ticks, isLeap);
        }

        // RFC 3339 allows offsets up to 23:59, DateTimeOffset only up to 14:00. So the instant is computed in ticks.
        var (hours, minutes) = (Number(offset[1..3]), Number(offset[4..6]));
        var ahead = ((hours * 60) + minutes) * TimeSpan.TicksPerMinute;
        return hours > 23 || minutes > 59
            ? Malformed("The offset is impossible: hours are 00 to 23 and minutes 00 to 59.")
            : AtUtcTicks(clock.Ticks - (offset[0] == '-' ? -ahead : ahead), isLeap);
    }

    /// <summary>A leap second was parsed as second 59. The next second must be the first of a month.</summary>
    private static InstantResult AtUtcTicks(long ticks, bool isLeap) => !isLeap
        ? AtUtcTicks(ticks)
        : AtUtcTicks(ticks + TimeSpan.TicksPerSecond) is not InstantResult.Instant { Value: var next } ? AtUtcTicks(long.MaxValue)
        : next is { Day: 1, Hour: 0, Minute: 0, Second: 0 } ? new InstantResult.Instant(next)
        : NoLeapSecond;

    private static bool TryClock(Match match, long unit, out DateTime clock, out bool isLeap)
    {
        var second = match.Groups["second"].Success ? match.Groups["second"].Value : "00";
        isLeap = second == "60";
        clock = default;
        var text = $"{match.Groups["day"].Value}T{match.Groups["minute"].Value}:{(isLeap ? "59" : second)}";
        if (!DateTime.TryParseExact(text, "yyyy-MM-ddTHH:mm:ss", CultureInfo.InvariantCulture, DateTimeStyles.None, out var whole))
        {
            return false;
        }

        var fraction = match.Groups["fraction"].ValueSpan;
        var ticks = Number(fraction[..Math.Min(fraction.Length, 7)].ToString().PadRight(7, '0'));
        clock = whole.AddTicks(ticks - (ticks % unit));
        return true;
    }

    private static InstantResult.Malformed NoLeapSecond =>
        Malformed("The second 60 is a leap second: it is allowed only at 23:59:60 UTC at the end of a month, with an offset.");

    private static int Number(ReadOnlySpan<char> digits) => int.Parse(digits, NumberStyles.None, CultureInfo.InvariantCulture);

    private static InstantResult.Malformed Malformed(string why) => new(why);

    [GeneratedRegex(
        @"\A(?<day>[0-9]{4}-[0-9]{2}-[0-9]{2})[Tt](?<minute>[0-9]{2}:[0-9]{2})(:(?<second>[0-9]{2})(\.(?<fraction>[0-9]+))?)?"
        + @"(?<offset>[Zz]|[-+ ][0-9]{2}:[0-9]{2})?\z",
        RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant)]
    private static partial Regex Shape();
}
