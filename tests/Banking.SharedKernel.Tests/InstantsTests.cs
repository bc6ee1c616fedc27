using System.Globalization;

namespace Banking.SharedKernel.Tests;

public sealed class InstantsTests
{
    [Theory]
    [InlineData("2026-11-17T15:00:00Z", "2026-11-17T15:00:00.0000000")]
    [InlineData("2026-11-17T15:00:00+01:00", "2026-11-17T14:00:00.0000000")]
    [InlineData("2026-11-17T15:00:00 01:00", "2026-11-17T14:00:00.0000000")]
    [InlineData("2026-11-17T15:00:00-05:30", "2026-11-17T20:30:00.0000000")]
    [InlineData("2026-11-17T15:00:00-00:00", "2026-11-17T15:00:00.0000000")]
    [InlineData("2026-11-17T15:00:00.1Z", "2026-11-17T15:00:00.1000000")]
    [InlineData("2026-11-17T15:00:00.1234567+00:00", "2026-11-17T15:00:00.1234560")]
    [InlineData("2026-11-17T15:00:00.0000001Z", "2026-11-17T15:00:00.0000000")]
    [InlineData("2026-01-01T00:00:00+23:59", "2025-12-31T00:01:00.0000000")]
    [InlineData("2028-02-29T23:59:59Z", "2028-02-29T23:59:59.0000000")]
    [InlineData("1900-01-01T00:00:00Z", "1900-01-01T00:00:00.0000000")]
    [InlineData("9999-12-31T23:59:59.9999999Z", "9999-12-31T23:59:59.9999990")]
    [InlineData("2026-11-17t15:00:00z", "2026-11-17T15:00:00.0000000")]
    [InlineData("2026-11-17T15:00:00.123456789Z", "2026-11-17T15:00:00.1234560")]
    [InlineData("2026-11-17T15:00:00.99999999999999999999999999999999999999+01:00", "2026-11-17T14:00:00.9999990")]
    [InlineData("2016-12-31T23:59:60Z", "2017-01-01T00:00:00.0000000")]
    [InlineData("1990-12-31T15:59:60-08:00", "1991-01-01T00:00:00.0000000")]
    [InlineData("2017-01-01T05:29:60.75+05:30", "2017-01-01T00:00:00.7500000")]
    [InlineData("2015-06-30t23:59:60z", "2015-07-01T00:00:00.0000000")]
    public void RFC_3339_is_one_instant_in_UTC(string text, string utc) => AssertInstant(utc, Instants.Parse(text, null));

    [Theory]
    [InlineData("2026-11-17T15:00", "Europe/Berlin", "2026-11-17T14:00:00.0000000")]
    [InlineData("2026-07-17T15:00:30", "Europe/Berlin", "2026-07-17T13:00:30.0000000")]
    [InlineData("2026-07-17T15:00:30.25", "America/Argentina/Buenos_Aires", "2026-07-17T18:00:30.2500000")]
    [InlineData("2026-07-17T15:00", "Asia/Kolkata", "2026-07-17T09:30:00.0000000")]
    [InlineData("2026-07-17T15:00", "Europe/Dublin", "2026-07-17T14:00:00.0000000")]
    [InlineData("2026-01-17T15:00", "Europe/Dublin", "2026-01-17T15:00:00.0000000")]
    [InlineData("2026-07-17T15:00", "Etc/GMT+5", "2026-07-17T20:00:00.0000000")]
    [InlineData("2026-07-17T15:00", "UTC", "2026-07-17T15:00:00.0000000")]
    [InlineData("2026-03-29T01:59:59.9999999", "Europe/Berlin", "2026-03-29T00:59:59.9999990")]
    [InlineData("2026-03-29T03:00", "Europe/Berlin", "2026-03-29T01:00:00.0000000")]
    [InlineData("2026-10-25T01:59:59.9999999", "Europe/Berlin", "2026-10-24T23:59:59.9999990")]
    [InlineData("2026-10-25T03:00", "Europe/Berlin", "2026-10-25T02:00:00.0000000")]
    [InlineData("2060-07-01T12:00", "Europe/Berlin", "2060-07-01T10:00:00.0000000")]
    [InlineData("2011-12-29T23:59", "Pacific/Apia", "2011-12-30T09:59:00.0000000")]
    [InlineData("2011-12-31T00:00", "Pacific/Apia", "2011-12-30T10:00:00.0000000")]
    public void A_local_time_is_one_instant_in_its_zone(string text, string zone, string utc) =>
        AssertInstant(utc, Instants.Parse(text, zone));

    // The last two are not daylight saving: Samoa skipped a day, North Korea half an hour.
    [Theory]
    [InlineData("2026-03-29T02:00", "Europe/Berlin", "2026-03-29T01:00:00+01:00", "2026-03-29T03:00:00+02:00")]
    [InlineData("2026-03-29T02:30", "Europe/Berlin", "2026-03-29T01:30:00+01:00", "2026-03-29T03:30:00+02:00")]
    [InlineData("2026-03-29T02:59:59", "Europe/Berlin", "2026-03-29T01:59:59+01:00", "2026-03-29T03:59:59+02:00")]
    [InlineData("2026-03-08T02:30", "America/New_York", "2026-03-08T01:30:00-05:00", "2026-03-08T03:30:00-04:00")]
    [InlineData("2026-10-04T02:15", "Australia/Lord_Howe", "2026-10-04T01:45:00+10:30", "2026-10-04T02:45:00+11:00")]
    [InlineData("2026-03-29T01:30", "Europe/Dublin", "2026-03-29T00:30:00+00:00", "2026-03-29T02:30:00+01:00")]
    [InlineData("2011-12-30T12:00", "Pacific/Apia", "2011-12-29T12:00:00-10:00", "2011-12-31T12:00:00+14:00")]
    [InlineData("2018-05-04T23:45", "Asia/Pyongyang", "2018-05-04T23:15:00+08:30", "2018-05-05T00:15:00+09:00")]
    public void A_time_that_clocks_skipped_has_a_candidate_on_either_side(string text, string zone, string before, string after)
    {
        var skipped = Assert.IsType<InstantResult.Skipped>(Instants.Parse(text, zone));
        Assert.Equal((before, after), (Text(skipped.Before), Text(skipped.After)));
    }

    [Theory]
    [InlineData("2026-10-25T02:00", "Europe/Berlin", "2026-10-25T02:00:00+02:00", "2026-10-25T02:00:00+01:00")]
    [InlineData("2026-10-25T02:59:59", "Europe/Berlin", "2026-10-25T02:59:59+02:00", "2026-10-25T02:59:59+01:00")]
    [InlineData("2026-11-01T01:30", "America/New_York", "2026-11-01T01:30:00-04:00", "2026-11-01T01:30:00-05:00")]
    [InlineData("2026-04-05T01:45", "Australia/Lord_Howe", "2026-04-05T01:45:00+11:00", "2026-04-05T01:45:00+10:30")]
    [InlineData("2026-10-25T01:30", "Europe/Dublin", "2026-10-25T01:30:00+01:00", "2026-10-25T01:30:00+00:00")]
    [InlineData("2014-10-26T01:30", "Europe/Moscow", "2014-10-26T01:30:00+04:00", "2014-10-26T01:30:00+03:00")]
    public void A_time_that_clocks_showed_twice_has_both(string text, string zone, string earlier, string later)
    {
        var doubled = Assert.IsType<InstantResult.Doubled>(Instants.Parse(text, zone));
        Assert.Equal((earlier, later), (Text(doubled.Earlier), Text(doubled.Later)));
        Assert.True(doubled.Earlier < doubled.Later);
    }

    private static void AssertInstant(string utc, InstantResult result)
    {
        var instant = Assert.IsType<InstantResult.Instant>(result);
        Assert.Equal(TimeSpan.Zero, instant.Value.Offset);
        Assert.Equal(utc, instant.Value.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffffff", CultureInfo.InvariantCulture));
    }

    private static string Text(DateTimeOffset time) => time.ToString("yyyy-MM-ddTHH:mm:sszzz", CultureInfo.InvariantCulture);
}
