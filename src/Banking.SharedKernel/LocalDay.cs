namespace Banking.SharedKernel;

/// <summary>A day of a time zone: the instants from its first midnight to that of the next day.</summary>
/// <param name="To">Not included.</param>
public readonly record struct LocalDay(DateOnly Date, DateTimeOffset From, DateTimeOffset To)
{
    public const string Utc = "UTC";

    /// <summary>The day that contains an instant; null if the zone is unknown.</summary>
    /// <param name="zone">An IANA name such as <c>Europe/Berlin</c>, or <see cref="Utc"/>.</param>
    public static LocalDay? Of(DateTimeOffset instant, string zone)
    {
        ArgumentNullException.ThrowIfNull(zone);
        var found = zone == Utc ? TimeZoneInfo.Utc : LocalTimes.Find(zone);
        if (found is null)
        {
            return null;
        }

        var date = DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(instant, found).DateTime);
        return new(date, Start(date, found), Start(date.AddDays(1), found));
    }

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
