using System.Globalization;
using CsCheck;

namespace Banking.SharedKernel.Tests;

public sealed class InstantsRefusalTests
{
    private static readonly string[] Zones =
    [
        "Europe/Berlin", "Europe/Dublin", "America/New_York", "America/Sao_Paulo", "Asia/Kolkata", "Asia/Tehran", "Africa/Casablanca",
        "Australia/Lord_Howe", "Pacific/Apia", "Pacific/Chatham", "Antarctica/Troll", "UTC",
    ];

    // All instants that the parser accepts, with more samples in the decades with daylight saving.
    private static readonly Gen<DateTimeOffset> Times = Gen.OneOf<long>(
            Gen.Long[new DateTime(1900, 1, 1).Ticks, DateTime.MaxValue.Ticks],
            Gen.Long[new DateTime(1970, 1, 1).Ticks, new DateTime(2040, 1, 1).Ticks])
        .Select(ticks => new DateTimeOffset(ticks, TimeSpan.Zero));

    [Theory]
    [InlineData(null, "RFC 3339")]
    [InlineData("", "RFC 3339")]
    [InlineData("now", "RFC 3339")]
    [InlineData("2026-11-17", "RFC 3339")]
    [InlineData("20261117T150000Z", "RFC 3339")]
    [InlineData("2026-11-17 15:00:00Z", "RFC 3339")]
    [InlineData("2026-11-17T15:00:00,5Z", "RFC 3339")]
    [InlineData("2026-11-17T15:00:00.Z", "RFC 3339")]
    [InlineData("2026-11-17T15:00.5Z", "RFC 3339")]
    [InlineData("2026-11-17T15:00:00+0100", "RFC 3339")]
    [InlineData("2026-11-17T15:00:00+01", "RFC 3339")]
    [InlineData("2026-11-17T15:00:00Z\n", "RFC 3339")]
    [InlineData(" 2026-11-17T15:00:00Z", "RFC 3339")]
    [InlineData("2026-11-17T15:00:00  01:00", "RFC 3339")]
    [InlineData("2026-13-17T15:00:00Z", "RFC 3339")]
    [InlineData("2026-02-29T15:00:00Z", "RFC 3339")]
    [InlineData("2026-11-17T24:00:00Z", "RFC 3339")]
    [InlineData("2026-11-17T15:60:00Z", "RFC 3339")]
    [InlineData("0000-01-01T00:00:00Z", "RFC 3339")]
    [InlineData("٢٠٢٦-11-17T15:00:00Z", "RFC 3339")]
    [InlineData("12026-11-17T15:00:00Z", "RFC 3339")]
    [InlineData("2026-11-17T15:00:00Z\0", "RFC 3339")]
    [InlineData("2026-11-17T15:00:00.1\0Z", "RFC 3339")]
    [InlineData("2026-11-17T15:00:00.١Z", "RFC 3339")]
    [InlineData("2026-11-17T15:00:61Z", "RFC 3339")]
    [InlineData("2026-11-17T12:00:60Z", "leap second")]
    [InlineData("2026-11-17T23:59:60Z", "leap second")]
    [InlineData("2026-11-30T23:58:60Z", "leap second")]
    [InlineData("2016-12-31T23:59:60+01:00", "leap second")]
    [InlineData("9999-12-31T23:59:60Z", "1900 to 9999")]
    [InlineData("2026-11-17T15:00Z", "seconds")]
    [InlineData("2026-11-17T15:00:00+24:00", "offset is impossible")]
    [InlineData("2026-11-17T15:00:00+01:60", "offset is impossible")]
    [InlineData("2026-11-17T15:00:00", "add Z or +01:00")]
    [InlineData("2026-11-17T15:00", "add Z or +01:00")]
    [InlineData("1899-12-31T23:59:59Z", "1900 to 9999")]
    [InlineData("0001-01-01T00:00:00+14:00", "1900 to 9999")]
    [InlineData("1900-01-01T00:00:00+00:01", "1900 to 9999")]
    [InlineData("9999-12-31T23:59:59-00:01", "1900 to 9999")]
    public void A_text_without_a_zone_that_is_no_instant_is_malformed(string? text, string why) => AssertMalformed(why, text, null);

    [Theory]
    [InlineData("2026-11-17T15:00:00Z", "Europe/Berlin", "omit one")]
    [InlineData("2026-11-17T15:00:00+01:00", "Europe/Berlin", "omit one")]
    [InlineData("2026-11-17T15:00:00 01:00", "Europe/Berlin", "omit one")]
    [InlineData("2026-11-17T15:00", "", "add Z or +01:00")]
    [InlineData("2026-11-17", "Europe/Berlin", "RFC 3339")]
    [InlineData("2017-01-01T00:59:60", "Europe/Berlin", "leap second")]
    [InlineData("1899-12-31T12:00", "Europe/Berlin", "1900 to 9999")]
    [InlineData("0001-01-01T00:00", "Asia/Kolkata", "1900 to 9999")]
    [InlineData("9999-12-31T23:59", "America/New_York", "1900 to 9999")]
    [InlineData("2026-11-17T15:00", "Europe/Atlantis", "time zone is unknown")]
    [InlineData("2026-11-17T15:00", "Europe", "time zone is unknown")]
    [InlineData("2026-11-17T15:00", "Europe/Berlin ", "time zone is unknown")]
    [InlineData("2026-11-17T15:00", "europe/berlin", "time zone is unknown")]
    [InlineData("2026-11-17T15:00", "Europe/berlin", "time zone is unknown")]
    [InlineData("2026-11-17T15:00", "EUROPE/BERLIN", "time zone is unknown")]
    [InlineData("2026-11-17T15:00", "right/Europe/Berlin", "time zone is unknown")]
    [InlineData("2026-11-17T15:00", "localtime", "time zone is unknown")]
    [InlineData("2026-11-17T15:00", "/dev/zero", "time zone is unknown")]
    [InlineData("2026-11-17T15:00", "Europe/../../../dev/zero", "time zone is unknown")]
    [InlineData("2026-11-17T15:00", "Europe/Berlin\0", "time zone is unknown")]
    [InlineData("2026-11-17T15:00", "+01:00", "time zone is unknown")]
    [InlineData("2026-11-17T15:00", "W. Europe Standard Time", "time zone is unknown")]
    public void A_text_with_a_zone_that_is_no_instant_is_malformed(string text, string zone, string why)
    {
        // A zone cached under its proper name must not be found under another one.
        Assert.IsType<InstantResult.Instant>(Instants.Parse("2026-11-17T15:00", "Europe/Berlin"));
        AssertMalformed(why, text, zone);
    }

    [Fact]
    public void Every_instant_is_read_back_with_any_offset() =>
        Gen.Select(Times, Gen.Int[-14 * 60, 14 * 60]).Sample((time, minutes) =>
        {
            var local = time.UtcTicks + (minutes * TimeSpan.TicksPerMinute);
            if (local >= 0 && local <= DateTime.MaxValue.Ticks)
            {
                var text = time.ToOffset(TimeSpan.FromMinutes(minutes)).ToString("O", CultureInfo.InvariantCulture);
                Assert.Equal(new InstantResult.Instant(time.CutToMicroseconds()), Instants.Parse(text, null));
                Assert.Equal(new InstantResult.Instant(time.CutToMicroseconds()), Instants.Parse(text.Replace('+', ' '), ""));
                Assert.Equal(new InstantResult.Instant(time), Instants.ParseAsSent(text));
            }
        });

    [Fact]
    public void Every_instant_is_among_the_answers_to_its_own_local_time() =>
        Gen.Select(Times, Gen.OneOf(Zones)).Sample((time, zone) => AssertAnswered(time, zone));

    [Fact]
    public void Every_instant_around_a_change_of_clocks_is_among_the_answers() =>
        Gen.Select(Gen.Int[1990, 2040], Gen.Int[0, 12 * 31 * 24 * 4], Gen.OneOf(Zones)).Sample((year, quarter, zone) =>
            AssertAnswered(new DateTimeOffset(year, 1, 1, 0, 0, 0, TimeSpan.Zero).AddMinutes(15 * quarter), zone));

    [Fact]
    public void Any_text_and_zone_get_a_result() =>
        Gen.Select(
            Gen.OneOf<string>(
                Gen.String, Gen.Char["0123456789-:T.Z+ "].Array[10, 30].Select(c => new string(c)), Gen.Const("2026-11-17T15:00")),
            Gen.OneOf<string>(Gen.String, Gen.Char["ABab/._-+\0"].Array[0, 12].Select(c => new string(c)), Gen.Const("")))
            .Sample((text, zone) => Instants.Parse(text, zone) is not null);

    private static void AssertAnswered(DateTimeOffset time, string zone)
    {
        var local = TimeZoneInfo.ConvertTime(time, TimeZoneInfo.FindSystemTimeZoneById(zone));
        var text = local.DateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffffff", CultureInfo.InvariantCulture);
        DateTimeOffset[] answers = Instants.Parse(text, zone) switch
        {
            InstantResult.Instant instant => [instant.Value],
            InstantResult.Doubled doubled => [doubled.Earlier, doubled.Later],
            var other => throw new InvalidOperationException($"{text} in {zone} exists, yet the answer is {other}."),
        };
        Assert.Contains(time.CutToMicroseconds(), answers);
    }

    private static void AssertMalformed(string why, string? text, string? zone)
    {
        var malformed = Assert.IsType<InstantResult.Malformed>(Instants.Parse(text, zone));
        Assert.Contains(why, malformed.Why, StringComparison.Ordinal);
    }
}
