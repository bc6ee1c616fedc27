namespace Banking.SharedKernel;

/// <summary>A day of a time zone: the instants from its first midnight to that of the next day.</summary>
/// <param name="To">Not included.</param>
public readonly record struct LocalDay(DateOnly Date, DateTimeOffset From, DateTimeOffset To)
{
    public const string Utc = "UTC";

    // Instants are those of the years 1900 to 9999 in UTC, and no zone is more than 15 hours from it.
    private static readonly DateOnly First = new(1900, 1, 2);
    private static readonly DateOnly Last = new(9999, 12, 30);

    /// <summary>The day that contains an instant; null if the zone is unknown.</summary>
    /// <param name="zone">An IANA name such as <c>Europe/Berlin</c>, or <see cref="Utc"/>.</param>
    public static LocalDay? Of(DateTimeOffset instant, string zone)
    {
        if (Find(zone) is not { } found)
        {
            return null;
        }

        // Clocks that go back just after midnight show the date of the day before again. These instants belong to the new day.
        var day = Of(DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(instant, found).DateTime), found);
        return instant < day.To ? day : Of(day.Date.AddDays(1), found);
    }

    /// <summary>
    /// The first instant of a day; null if the zone is unknown, or the day is outside of the years 1900 to 9999 in UTC. A day that the
    /// zone skipped begins where the next one begins.
    /// </summary>
    public static DateTimeOffset? StartOf(DateOnly date, string zone)
    {
        return date >= First && date <= Last && Find(zone) is { } found ? Start(date, found) : null;
    }

    /// <summary>Whether there is a time zone of this name.</summary>
    public static bool IsZone(string zone)
    {
        return Find(zone) is not null;
    }

    private static TimeZoneInfo? Find(string zone) => zone == Utc ? TimeZoneInfo.Utc : LocalTimes.Find(zone);

    private static LocalDay Of(DateOnly date, TimeZoneInfo zone) => new(date, Start(date, zone), Start(date.AddDays(1), zone));

    /// <summary>
    /// The first instant of a day: the first of two midnights. If clocks were put forward over midnight, the instant at which they were.
    /// </summary>
    private static DateTimeOffset Start(DateOnly date, TimeZoneInfo zone) =>
        LocalTimes.Resolve(date.ToDateTime(TimeOnly.MinValue), zone) switch
        {
            InstantResult.Instant instant => instant.Value,
            InstantResult.Doubled doubled => doubled.Earlier.ToUniversalTime(),
            InstantResult.Skipped skipped => skipped.After.ToUniversalTime(),
            var other => throw new InvalidOperationException($"{date:O} has no start in {zone.Id}: {other}"),
        };
}
