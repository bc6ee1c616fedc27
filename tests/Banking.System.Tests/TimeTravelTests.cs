using System.Globalization;
using System.Text;
using Banking.Testing;

namespace Banking.System.Tests;

/// <summary>What was, and what was known of it: two questions, both answered for ever.</summary>
public sealed class TimeTravelTests(BankFixture bank) : IClassFixture<BankFixture>
{
    private readonly BankClient _teller = bank.As("teller");

    [Fact]
    public async Task On_Thursday_the_bank_learns_what_counted_on_Tuesday()
    {
        var monday = bank.Clock.Now;
        var account = await _teller.OpenAsync(balance: "100.00");
        bank.Clock.Advance(TimeSpan.FromDays(1));
        var tuesday = bank.Clock.Now;
        (await _teller.WithdrawAsync(account, "30.00")).Created();
        bank.Clock.Advance(TimeSpan.FromDays(2));
        var thursday = bank.Clock.Now;
        (await _teller.PostAsync("/v1/deposits", new { accountId = account, amount = new { value = "5.00", currency = "EUR" }, effectiveAt = tuesday })).Created();
        bank.Clock.Advance(TimeSpan.FromDays(1));
        var tick = TimeSpan.FromMicroseconds(1);

        // What counted, as it is known today; an event at exactly the instant asked about counts.
        await BalanceAsync(account, monday - tick, null, "0.00", 0, 0);
        await BalanceAsync(account, monday, null, "100.00", 2, 2);
        await BalanceAsync(account, tuesday - tick, null, "100.00", 2, 2);
        await BalanceAsync(account, tuesday, null, "75.00", 4, 4);
        await BalanceAsync(account, bank.Clock.Now.AddYears(1), null, "75.00", 4, 4);

        // What was known then; on Tuesday evening nobody knew of the deposit, whatever counts.
        await BalanceAsync(account, null, tuesday - tick, "100.00", 2, 2);
        await BalanceAsync(account, null, tuesday, "70.00", 3, 3);
        await BalanceAsync(account, null, thursday - tick, "70.00", 3, 3);
        await BalanceAsync(account, null, thursday, "75.00", 4, 4);
        await BalanceAsync(account, null, bank.Clock.Now, "75.00", 4, 4);
        await BalanceAsync(account, tuesday, thursday - tick, "70.00", 3, 3);
        await BalanceAsync(account, tuesday, thursday, "75.00", 4, 4);
        await BalanceAsync(account, tuesday - tick, thursday, "100.00", 2, 2);
        await BalanceAsync(account, monday, monday - tick, "0.00", 0, 0);
    }

    [Fact]
    public async Task A_balance_proves_itself()
    {
        var account = await _teller.OpenAsync(balance: "100.00", overdraftLimit: "50.00");

        var now = (await _teller.GetAsync($"/v1/accounts/{account}/balance")).Ok();

        Assert.Equal(
            ["accountId", "balance", "available", "held", "effectiveAt", "knownAt", "version", "lastEvent", "computedFrom", "links"], now.Members());
        now.Json.GetProperty("available").IsMoney("150.00");
        now.Json.GetProperty("held").IsMoney("0.00");
        Assert.Equal((bank.Clock.Now, bank.Clock.Now), (now.Json.Time("effectiveAt"), now.Json.Time("knownAt")));
        Assert.Equal(("2", "\"2\"", "state@2"), (now.Text("version"), now.Header("ETag"), now.Text("computedFrom")));
        Assert.Equal(("accounts.money-deposited.v1", "2"), (now.Text("lastEvent", "type"), now.Text("lastEvent", "version")));
        (await _teller.GetAsync(now.Text("links", "events"))).Ok();
        (await _teller.GetAsync(now.Text("links", "entries"))).Ok();
        var past = (await _teller.GetAsync($"/v1/accounts/{account}/balance?effectiveAt={bank.Clock.Now.Query()}")).Ok();
        Assert.Equal(now.Text("lastEvent"), past.Text("lastEvent"));
        Assert.Equal("2 of 2 events", past.Text("computedFrom"));
    }

    [Fact]
    public async Task Each_version_has_its_balance()
    {
        var account = await _teller.OpenAsync(balance: "100.00");
        (await _teller.WithdrawAsync(account, "30.00")).Created();

        foreach (var (version, balance) in new[] { (1, "0.00"), (2, "100.00"), (3, "70.00") })
        {
            var at = (await _teller.GetAsync($"/v1/accounts/{account}/balance?version={version}")).Ok();
            Assert.Equal((balance, $"{version}"), (at.Text("balance", "value"), at.Text("version")));
        }

        Assert.Equal(3, (await _teller.GetAsync($"/v1/accounts/{account}/balance?version=4")).IsProblem(404, "version_not_found").GetProperty("version").GetInt64());
        foreach (var query in (string[])["version=0", "version=-1", "version=two", "version=", "version=99999999999999999999", "version=1&version=2",
            "version=1&knownAt=2026-01-01T00:00:00Z", "version=1&effectiveAt=2026-01-01T00:00:00Z"])
        {
            (await _teller.GetAsync($"/v1/accounts/{account}/balance?{query}")).IsProblem(400, "malformed_version");
        }
    }

    [Theory]
    [InlineData("2026-06-01T12:00:00Z", "2026-06-01T12:00:00Z")]
    [InlineData("2026-06-01T14:00:00%2B02:00", "2026-06-01T12:00:00Z")]
    [InlineData("2026-06-01T14:00:00+02:00", "2026-06-01T12:00:00Z")]
    [InlineData("2026-06-01T02:30:00.1234567-09:30", "2026-06-01T12:00:00.1234567Z")]
    [InlineData("2026-06-01T14:00&tz=Europe/Berlin", "2026-06-01T12:00:00Z")]
    [InlineData("2026-01-01T13:00:00&tz=Europe/Berlin", "2026-01-01T12:00:00Z")]
    [InlineData("2026-10-25T01:59:59&tz=Europe/Berlin", "2026-10-24T23:59:59Z")]
    public async Task A_time_is_an_instant_with_an_offset_or_a_clock_in_a_zone(string query, string instant)
    {
        var at = (await _teller.GetAsync($"/v1/accounts/{await _teller.OpenAsync()}/balance?effectiveAt={query}")).Ok();

        Assert.Equal(DateTimeOffset.Parse(instant, CultureInfo.InvariantCulture), at.Json.Time("effectiveAt"));
    }

    [Theory]
    [InlineData("effectiveAt=2026-03-29T02:30", "local_time_skipped", "2026-03-29T01:30:00+01:00", "2026-03-29T03:30:00+02:00")]
    [InlineData("knownAt=2026-03-29T02:30", "local_time_skipped", "2026-03-29T01:30:00+01:00", "2026-03-29T03:30:00+02:00")]
    [InlineData("effectiveAt=2026-10-25T02:30", "local_time_doubled", "2026-10-25T02:30:00+02:00", "2026-10-25T02:30:00+01:00")]
    [InlineData("knownAt=2026-10-25T02:30", "local_time_doubled", "2026-10-25T02:30:00+02:00", "2026-10-25T02:30:00+01:00")]
    public async Task A_clock_that_skipped_or_doubled_the_time_is_answered_with_both_candidates(string query, string code, string one, string two)
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
    [InlineData("effectiveAt=2026-06-01T12:00:00Z&effectiveAt=2026-06-01T12:00:00Z")]
    [InlineData("knownAt=1780315200")]
    public async Task A_time_that_cannot_be_understood_is_malformed(string query) =>
        (await _teller.GetAsync($"/v1/accounts/{await _teller.OpenAsync()}/balance?{query}")).IsProblem(400, "malformed_time");

    [Fact]
    public async Task What_will_be_known_is_not_told()
    {
        var later = bank.Clock.Now.AddMicroseconds(1);

        var no = (await _teller.GetAsync($"/v1/accounts/{await _teller.OpenAsync()}/balance?knownAt={later.Query()}")).IsProblem(422, "known_in_future");

        Assert.Equal((later, bank.Clock.Now), (no.Time("knownAt"), no.Time("now")));
    }

    private async Task BalanceAsync(string account, DateTimeOffset? effectiveAt, DateTimeOffset? knownAt, string balance, int version, int events)
    {
        var query = new StringBuilder("?");
        query.Append(effectiveAt is { } effective ? $"effectiveAt={effective.Query()}&" : "").Append(knownAt is { } known ? $"knownAt={known.Query()}" : "");
        var answer = (await _teller.GetAsync($"/v1/accounts/{account}/balance{query}")).Ok();
        var total = (await _teller.GetAsync($"/v1/accounts/{account}")).Text("version");
        Assert.Equal(
            (balance, version.ToString(CultureInfo.InvariantCulture), $"{events} of {total} events"),
            (answer.Text("balance", "value"), answer.Text("version"), answer.Text("computedFrom")));
        Assert.Equal((effectiveAt ?? bank.Clock.Now, knownAt ?? bank.Clock.Now), (answer.Json.Time("effectiveAt"), answer.Json.Time("knownAt")));
    }
}
