using System.Globalization;
using Banking.Testing;

namespace Banking.System.Tests;

/// <summary>Instants in queries, including local times that do not exist or exist twice.</summary>
public sealed class TimeQueryTests(BankFixture bank) : IClassFixture<BankFixture>
{
    private readonly BankClient _teller = bank.As("teller");

    [Theory]
    [InlineData("2026-06-01T12:00:00Z", "2026-06-01T12:00:00Z")]
    [InlineData("2026-06-01T14:00:00%2B02:00", "2026-06-01T12:00:00Z")]
    [InlineData("2026-06-01T14:00:00+02:00", "2026-06-01T12:00:00Z")]
    [InlineData("2026-06-01T02:30:00.1234567-09:30", "2026-06-01T12:00:00.123456Z")]
    [InlineData("2026-06-01T14:00&tz=Europe/Berlin", "2026-06-01T12:00:00Z")]
    [InlineData("2026-01-01T13:00:00&tz=Europe/Berlin", "2026-01-01T12:00:00Z")]
    [InlineData("2026-10-25T01:59:59&tz=Europe/Berlin", "2026-10-24T23:59:59Z")]
    public async Task A_time_is_an_instant_with_an_offset_or_a_local_time_with_a_zone(string query, string instant)
    {
        var at = (await _teller.GetAsync($"/v1/accounts/{await _teller.OpenAsync()}/balance?effectiveAt={query}")).Ok();

        Assert.Equal(DateTimeOffset.Parse(instant, CultureInfo.InvariantCulture), at.Json.Time("effectiveAt"));
    }

    [Theory]
    [InlineData("effectiveAt=2026-03-29T02:30", "local_time_skipped", "2026-03-29T01:30:00+01:00", "2026-03-29T03:30:00+02:00")]
    [InlineData("knownAt=2026-03-29T02:30", "local_time_skipped", "2026-03-29T01:30:00+01:00", "2026-03-29T03:30:00+02:00")]
    [InlineData("effectiveAt=2026-10-25T02:30", "local_time_doubled", "2026-10-25T02:30:00+02:00", "2026-10-25T02:30:00+01:00")]
    [InlineData("knownAt=2026-10-25T02:30", "local_time_doubled", "2026-10-25T02:30:00+02:00", "2026-10-25T02:30:00+01:00")]
    public async Task A_skipped_or_doubled_local_time_is_refused_with_both_candidates(string query, string code, string one,
        string two)
    {
        var account = await _teller.OpenAsync();

        var no = (await _teller.GetAsync($"/v1/accounts/{account}/balance?{query}&tz=Europe/Berlin")).IsProblem(422, code);

        Assert.Equal([one, two], no.GetProperty("candidates").EnumerateArray().Select(c => c.GetString()));
        foreach (var candidate in new[] { one, two })
        {
            (await _teller.GetAsync($"/v1/accounts/{account}/balance?{query.Split('=')[0]}={Uri.EscapeDataString(candidate)}")).Ok();
        }
    }

    [Theory]
    [InlineData("effectiveAt=yesterday")]
    [InlineData("effectiveAt=")]
    [InlineData("effectiveAt=2026-06-01")]
    [InlineData("effectiveAt=2026-06-01T12:00:00")]
    [InlineData("effectiveAt=2026-02-30T12:00:00Z")]
    [InlineData("effectiveAt=0001-01-01T00:00:00Z")]
    [InlineData("effectiveAt=9999-12-31T23:59:59-14:00")]
    [InlineData("effectiveAt=2026-06-01T12:00:00Z&tz=Europe/Berlin")]
    [InlineData("effectiveAt=2026-06-01T12:00&tz=Europe/Atlantis")]
    [InlineData("effectiveAt=2026-06-01T12:00&tz=../../etc/passwd")]
    [InlineData("knownAt=1780315200")]
    public async Task An_invalid_time_is_malformed(string query) =>
        (await _teller.GetAsync($"/v1/accounts/{await _teller.OpenAsync()}/balance?{query}")).IsProblem(400, "malformed_time");

    [Theory]
    [InlineData("/v1/accounts/{0}/figures?by=day&knownAt=2026-06-01T12:00:00Z")]
    [InlineData("/v1/accounts/{0}/entries?from=2026-06-01&knownAt=2026-06-01T12:00:00Z")]
    [InlineData("/v1/accounts/{0}/entries?from=2026-06-01&to=2026-06-03T00:00:00Z")]
    [InlineData("/v1/accounts/{0}/changes?axis=effective&from=2026-06-01T12:00&knownAt=2026-06-01T12:00:00Z")]
    [InlineData("/v1/accounts/{0}/balance?effectiveAt=2026-06-01T12:00&knownAt=2026-06-01T12:00:00Z")]
    [InlineData("/v1/accounts/{0}/balance/mistakes?expected=1.00&statedAt=2026-06-01T12:00:00Z&effectiveAt=2026-06-01T12:00")]
    [InlineData("/v1/accounts/{0}/balance/mistakes?expected=1.00&statedAt=2026-06-01T12:00")]
    [InlineData("/v1/ledger/accounts/cash/mistakes?expected=1.00&currency=EUR&statedAt=2026-06-01T12:00")]
    [InlineData("/audit/events?from=2026-06-01&to=2026-06-03T00:00:00Z")]
    public async Task A_time_zone_of_days_or_of_a_local_time_may_accompany_an_instant_with_an_offset(string path) =>
        (await bank.As("operator").GetAsync(string.Format(null, path, await _teller.OpenAsync()) + "&tz=Europe/Berlin")).Ok();

    [Theory]
    [InlineData("/v1/accounts/{0}/entries?from=2026-06-01T12:00:00Z&to=2026-06-03T00:00:00Z")]
    [InlineData("/v1/accounts/{0}/balance/mistakes?expected=1.00&statedAt=2026-06-01T12:00:00Z&effectiveAt=2026-06-01T12:00:00Z")]
    public async Task A_time_zone_of_nothing_but_instants_with_an_offset_is_malformed(string path) =>
        (await bank.As("operator").GetAsync(string.Format(null, path, await _teller.OpenAsync()) + "&tz=Europe/Berlin"))
        .IsProblem(400, "malformed_time");

    [Fact]
    public async Task A_knownAt_in_the_future_is_refused()
    {
        var later = bank.Clock.Now.AddMicroseconds(1);

        var no = (await _teller.GetAsync($"/v1/accounts/{await _teller.OpenAsync()}/balance?knownAt={later.Query()}"))
            .IsProblem(422, "known_in_future");

        Assert.Equal((later, bank.Clock.Now), (no.Time("knownAt"), no.Time("now")));
    }
}
