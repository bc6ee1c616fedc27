using System.Globalization;
using System.Text.Json;
using Banking.Testing;

namespace Banking.Host.Tests;

/// <summary>
/// Explanations of an imported account. All its movements took effect at midnight, years before 2000: the borders of days, months and pages
/// must be exact there.
/// </summary>
public sealed class ImportedExplanationTests
{
    [Fact]
    public async Task Each_month_opens_with_the_closing_of_the_month_before_and_pages_join()
    {
        await using var bank = await ImportedBank.CopyAsync("sample");
        await using var host = await bank.StartHostAsync();
        var teller = BankFixture.On(host, "teller");
        // It has a movement at the midnight at which April 1996 begins.
        var id = (await teller.GetAsync("/v1/accounts?externalId=15")).Ok().Items()[0].GetProperty("id").GetString();
        var account = $"/v1/accounts/{id}";

        var months = (await teller.GetAsync($"{account}/balance/explain")).Ok().Json.GetProperty("months").EnumerateArray().ToList();
        Assert.Contains("1996-04", months.Select(m => m.GetProperty("name").GetString()));
        var before = "0.00";
        foreach (var month in months)
        {
            var explained = (await teller.GetAsync(month.GetProperty("explanation").GetString()!)).Ok();
            Assert.Equal(before, explained.Text("opening", "value"));
            before = explained.Text("balance", "value");
            await AssertMonthAsync(teller, account, DateOnly.Parse(explained.Text("from"), CultureInfo.InvariantCulture), explained);
        }

        await AssertPagesJoinAsync(teller, $"{account}/balance/explain/movements?", before);
        await AssertPagesJoinAsync(teller, $"{account}/changes?axis=effective&", before);
    }

    /// <summary>The last microsecond before a month, the changes in it and its statement agree with its explanation.</summary>
    private static async Task AssertMonthAsync(BankClient teller, string account, DateOnly month, Answer explained)
    {
        var next = month.AddMonths(1);
        var last = (await teller.GetAsync(
            $"{account}/balance/explain?effectiveAt={month.AddDays(-1):yyyy-MM-dd}T23:59:59.999999Z")).Ok();
        Assert.Equal(explained.Text("opening", "value"), last.Text("balance", "value"));

        var changes = (await teller.GetAsync(
            $"{account}/changes?axis=effective&from={month:yyyy-MM-dd}T00:00:00Z&to={next:yyyy-MM-dd}T00:00:00Z")).Ok().Json;
        Assert.Equal(explained.Text("balance", "value"), Balance(changes, "closing"));

        var statement = (await teller.PostAsync(
            $"{account}/statements", new { from = $"{month:yyyy-MM-dd}", to = $"{next:yyyy-MM-dd}" })).Created();
        var mistakes = (await teller.GetAsync($"{account}/balance/mistakes?statement={statement.Text("id")}")).Ok();
        Assert.Equal("0.00", mistakes.Text("difference", "value"));
    }

    private static async Task AssertPagesJoinAsync(BankClient teller, string path, string end)
    {
        var (balance, cursor) = ("0.00", (string?)null);
        do
        {
            var page = (await teller.GetAsync($"{path}limit=20{(cursor is null ? "" : "&cursor=" + cursor)}")).Ok();
            foreach (var item in page.Items().Where(i => Balance(i, "after") is not null))
            {
                Assert.Equal(balance, Balance(item, "before") ?? "0.00");
                balance = Balance(item, "after")!;
            }

            cursor = page.NextCursor();
        }
        while (cursor is not null);

        Assert.Equal(end, balance);
    }

    /// <summary>Null if an event did not change the balance, or there was no account.</summary>
    private static string? Balance(JsonElement item, string member) =>
        item.TryGetProperty(member, out var account) && account.TryGetProperty("balance", out var balance)
            ? balance.GetProperty("value").GetString()
            : null;
}
