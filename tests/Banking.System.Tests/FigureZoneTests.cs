using System.Globalization;
using Banking.Testing;

namespace Banking.System.Tests;

/// <summary>An account's figures by the days of a time zone, also where its clocks change.</summary>
public sealed class FigureZoneTests(BankFixture bank) : IClassFixture<BankFixture>
{
    private readonly BankClient _teller = bank.As("teller");

    [Theory]
    [InlineData("UTC")]
    [InlineData("Europe/Berlin")]
    [InlineData("America/New_York")]
    [InlineData("Asia/Kathmandu")]
    public async Task A_day_has_the_entries_from_its_midnight_to_the_next(string zone)
    {
        var (account, times) = await HistoryAsync();
        var expected = times.GroupBy(t => Day(t, zone)).OrderBy(d => d.Key, StringComparer.Ordinal)
            .Select(d => (Day: d.Key, Count: d.Count())).ToList();
        var path = $"/v1/accounts/{account}/figures?by=day&tz={zone}";

        var days = (await Pages.AllAsync(_teller, path, 3)).SelectMany(p => p).ToList();

        Assert.Equal(expected, days.Select(d => (d.Text("period"), d.GetProperty("movements").GetInt32())));
        var sum = 0;
        Assert.All(days.Zip(expected), d => d.First.GetProperty("closingBalance").IsMoney($"{sum += d.Second.Count}.00"));
        var (from, to) = (expected[2].Day, expected[^3].Day);
        var part = (await _teller.GetAsync($"{path}&from={from}&to={to}")).Ok().Items();
        Assert.Equal(days[2..^3].Select(d => d.GetRawText()), part.Select(d => d.GetRawText()));
        var months = (await _teller.GetAsync($"/v1/accounts/{account}/figures?tz={zone}")).Ok().Items();
        Assert.Equal(
            times.GroupBy(t => Day(t, zone)[..7]).OrderBy(m => m.Key, StringComparer.Ordinal).Select(m => (m.Key, m.Count())),
            months.Select(m => (m.Text("period"), m.GetProperty("movements").GetInt32())));
    }

    /// <summary>
    /// Deposits of 1.00 around the midnights of several zones, and around the end of daylight saving time, in two whole chunks of 512
    /// events and a part of a third. Each chunk has entries of all days.
    /// </summary>
    private async Task<(string Account, IReadOnlyList<DateTimeOffset> Times)> HistoryAsync()
    {
        var start = new DateTimeOffset(2026, 10, 23, 17, 0, 0, TimeSpan.Zero);
        var account = await _teller.OpenAsync(effectiveAt: start);
        IReadOnlyList<DateTimeOffset> times =
        [
            .. Enumerable.Range(0, 1300)
                .Select(i => start.AddMinutes(15 * (i * 77 % 940)).AddMicroseconds(i % 3 - 1))
                .Where(t => t >= start),
        ];
        foreach (var batch in times.Chunk(700))
        {
            (await _teller.PostAsync("/v1/deposits/batch", new
            {
                mode = "atomic",
                items = batch.Select(effectiveAt => new
                {
                    idempotencyKey = BankClient.NewKey(),
                    command = new { accountId = account, amount = new { value = "1.00", currency = "EUR" }, reason = "test", effectiveAt },
                }),
            })).Ok();
        }

        (await _teller.GetCurrentAsync("/v1/entries", await bank.LastAsync())).Ok();
        return (account, times);
    }

    private static string Day(DateTimeOffset instant, string zone) =>
        TimeZoneInfo.ConvertTimeBySystemTimeZoneId(instant, zone).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
}
