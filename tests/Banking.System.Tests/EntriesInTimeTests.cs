using System.Text.Json;
using Banking.Testing;

namespace Banking.System.Tests;

/// <summary>Entries between two instants, of an account with whole chunks of entries and of the whole bank.</summary>
public sealed class EntriesInTimeTests(BankFixture bank) : IClassFixture<BankFixture>
{
    private readonly BankClient _teller = bank.As("teller");

    [Fact]
    public async Task Entries_between_two_instants_are_those_that_took_effect_then_in_the_order_of_booking()
    {
        var (start, clock) = (bank.Clock.Now.AddDays(-20), bank.Clock.Now);
        var account = await _teller.OpenAsync(effectiveAt: start);
        // Five chunks of 512 events, more than one statement reads; their effective times go back and forth over ten days.
        var times = Enumerable.Range(0, 2_700).Select(i => start.AddHours(i * 7 % 240)).ToList();
        foreach (var some in times.Chunk(900))
        {
            (await _teller.PostAsync("/v1/deposits/batch", new
            {
                mode = "atomic",
                items = some.Select(effectiveAt => new
                {
                    idempotencyKey = BankClient.NewKey(),
                    command = new { accountId = account, amount = new { value = "1.00", currency = "EUR" }, reason = "test", effectiveAt },
                }),
            })).Ok();
        }

        (await _teller.GetCurrentAsync("/v1/entries", await bank.LastAsync())).Ok();

        foreach (var (from, to) in new (DateTimeOffset?, DateTimeOffset?)[]
        {
            (start.AddHours(30), start.AddHours(31)), (start.AddHours(30), start.AddHours(77)), (null, start.AddHours(5)),
            (start.AddHours(200), null), (start.AddHours(240), null), (start.AddHours(30), start.AddHours(30)),
        })
        {
            var expected = times.Index().Where(t => !(t.Item < from) && !(t.Item >= to)).Select(t => t.Index + 2);
            var query = string.Join('&', ((string?[])
                [from is { } f ? $"from={f.Query()}" : null, to is { } t ? $"to={t.Query()}" : null]).OfType<string>());
            var found = (await Pages.AllAsync(_teller, $"/v1/accounts/{account}/entries?{query}", 400)).SelectMany(p => p).ToList();
            Assert.Equal((query, string.Join(' ', expected)), (query, string.Join(' ', found.Select(Version))));
            // The balance after an entry is in the order of booking: the entry of version n is the one before the n-th.
            Assert.All(found, e => e.GetProperty("balance").IsMoney($"{Version(e) - 1}.00"));
            var customers = (await Pages.AllAsync(_teller, $"/v1/entries?customerId={await OwnerAsync(account)}&{query}", 400))
                .SelectMany(p => p).Select(e => Version(e.GetProperty("entry")));
            Assert.Equal(expected.Reverse(), customers);
        }
    }

    [Theory]
    // The clocks of Berlin went back on 25 October 2026, so that day has 25 hours.
    [InlineData("from=2026-10-25&to=2026-10-26&tz=Europe/Berlin", "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z")]
    [InlineData("from=2026-10-25&to=2026-10-26", "2026-10-25T00:00:00Z", "2026-10-26T00:00:00Z")]
    [InlineData("from=2026-10-25T00:00&to=2026-10-26&tz=Europe/Berlin", "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z")]
    [InlineData("from=2026-11-01&to=2026-11-02&tz=America/New_York", "2026-11-01T04:00:00Z", "2026-11-02T05:00:00Z")]
    public async Task A_day_begins_at_midnight_of_the_time_zone(string query, string from, string to)
    {
        var (begin, end) = (At(from), At(to));
        DateTimeOffset[] times = [begin.AddMicroseconds(-1), begin, end.AddMicroseconds(-1), end];
        var account = await _teller.OpenAsync(effectiveAt: begin.AddDays(-1));
        foreach (var effectiveAt in times)
        {
            (await _teller.PostAsync("/v1/deposits", new
            {
                accountId = account,
                amount = new { value = "1.00", currency = "EUR" },
                reason = "test",
                effectiveAt,
            })).Created();
        }

        var found = (await _teller.GetAsync($"/v1/accounts/{account}/entries?{query}")).Ok().Items();

        Assert.Equal(times[1..3], found.Select(e => e.Time("effectiveAt")));
    }

    [Theory]
    [InlineData("from=2026-10-25&tz=Berlin", "malformed_time")]
    [InlineData("from=2026-10-25T02:30&tz=Europe/Berlin", "local_time_doubled")]
    [InlineData("from=2026-10-25&to=2026-10-24", "malformed_period")]
    [InlineData("tz=Europe/Berlin", "time_zone_not_applicable")]
    public async Task A_bound_that_is_no_instant_is_an_error(string query, string code)
    {
        var account = await _teller.OpenAsync();
        foreach (var path in (string[])["/v1/entries", $"/v1/accounts/{account}/entries"])
        {
            (await _teller.GetAsync($"{path}?{query}")).IsProblem(code == "local_time_doubled" ? 422 : 400, code);
        }
    }

    private async Task<string> OwnerAsync(string account) => (await _teller.GetAsync($"/v1/accounts/{account}")).Ok().Text("customerId");

    private static int Version(JsonElement entry) => entry.GetProperty("version").GetInt32();

    private static DateTimeOffset At(string instant) =>
        DateTimeOffset.Parse(instant, global::System.Globalization.CultureInfo.InvariantCulture);
}
