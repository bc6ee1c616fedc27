using System.Globalization;

namespace Banking.SharedKernel.Tests;

/// <summary>The instants of a local day, also where clocks are changed at its midnight.</summary>
public sealed class LocalDayTests
{
    [Theory]
    [InlineData("2026-11-17T15:00:00Z", "UTC", "2026-11-17", "2026-11-17T00:00:00Z", "2026-11-18T00:00:00Z")]
    [InlineData("2026-11-17T23:30:00Z", "Europe/Berlin", "2026-11-18", "2026-11-17T23:00:00Z", "2026-11-18T23:00:00Z")]
    [InlineData("2026-11-18T23:00:00Z", "Europe/Berlin", "2026-11-19", "2026-11-18T23:00:00Z", "2026-11-19T23:00:00Z")]
    [InlineData("2026-03-29T12:00:00Z", "Europe/Berlin", "2026-03-29", "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z")]
    [InlineData("2026-10-25T12:00:00Z", "Europe/Berlin", "2026-10-25", "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z")]
    // Midnight was skipped: the clocks went from 00:00 to 01:00.
    [InlineData("2018-11-04T12:00:00Z", "America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00:00Z", "2018-11-05T02:00:00Z")]
    [InlineData("2018-11-04T02:59:59Z", "America/Sao_Paulo", "2018-11-03", "2018-11-03T03:00:00Z", "2018-11-04T03:00:00Z")]
    // Midnight came twice: the clocks went from 01:00 back to 00:00.
    [InlineData("2025-11-02T04:30:00Z", "America/Havana", "2025-11-02", "2025-11-02T04:00:00Z", "2025-11-03T05:00:00Z")]
    [InlineData("2025-11-02T05:30:00Z", "America/Havana", "2025-11-02", "2025-11-02T04:00:00Z", "2025-11-03T05:00:00Z")]
    // One minute after midnight the clocks went back to 23:01 of the day before.
    [InlineData("2010-11-07T02:29:59Z", "America/St_Johns", "2010-11-06", "2010-11-06T02:30:00Z", "2010-11-07T02:30:00Z")]
    [InlineData("2010-11-07T03:00:00Z", "America/St_Johns", "2010-11-07", "2010-11-07T02:30:00Z", "2010-11-08T03:30:00Z")]
    [InlineData("2010-11-07T03:30:00Z", "America/St_Johns", "2010-11-07", "2010-11-07T02:30:00Z", "2010-11-08T03:30:00Z")]
    // Samoa had no 30 December 2011.
    [InlineData("2011-12-30T09:59:59Z", "Pacific/Apia", "2011-12-29", "2011-12-29T10:00:00Z", "2011-12-30T10:00:00Z")]
    [InlineData("2011-12-30T10:00:00Z", "Pacific/Apia", "2011-12-31", "2011-12-30T10:00:00Z", "2011-12-31T10:00:00Z")]
    public void A_day_begins_at_its_first_instant_and_ends_where_the_next_begins(
        string instant, string zone, string date, string from, string to) =>
        Assert.Equal(new LocalDay(DateOnly.Parse(date, CultureInfo.InvariantCulture), At(from), At(to)), LocalDay.Of(At(instant), zone));

    [Theory]
    [InlineData("")]
    [InlineData("Berlin")]
    [InlineData("europe/berlin")]
    [InlineData("../etc/passwd")]
    public void An_unknown_zone_has_no_days(string zone)
    {
        Assert.Null(LocalDay.Of(At("2026-11-17T15:00:00Z"), zone));
        Assert.Null(LocalDay.StartOf(new(2026, 11, 17), zone));
        Assert.False(LocalDay.IsZone(zone));
    }

    [Theory]
    [InlineData("2026-10-25", "Europe/Berlin", "2026-10-24T22:00:00Z")]
    [InlineData("2026-10-26", "Europe/Berlin", "2026-10-25T23:00:00Z")]
    // A day that the zone skipped begins where the next one begins.
    [InlineData("2011-12-30", "Pacific/Apia", "2011-12-30T10:00:00Z")]
    [InlineData("2011-12-31", "Pacific/Apia", "2011-12-30T10:00:00Z")]
    [InlineData("1900-01-02", "Europe/Berlin", "1900-01-01T23:00:00Z")]
    [InlineData("9999-12-30", "Etc/GMT+12", "9999-12-30T12:00:00Z")]
    [InlineData("1900-01-01", "UTC", null)]
    [InlineData("9999-12-31", "UTC", null)]
    public void A_date_begins_at_its_first_instant(string date, string zone, string? start) => Assert.Equal(
        start is null ? null : At(start), LocalDay.StartOf(DateOnly.Parse(date, CultureInfo.InvariantCulture), zone));

    private static DateTimeOffset At(string instant) => DateTimeOffset.Parse(instant, CultureInfo.InvariantCulture);
}
