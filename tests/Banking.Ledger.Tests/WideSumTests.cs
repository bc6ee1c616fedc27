using Banking.Testing;

namespace Banking.Ledger.Tests;

/// <summary>The movements of the whole bank in a day may exceed the largest amount and balance.</summary>
public sealed class WideSumTests(BankFixture bank) : IClassFixture<BankFixture>
{
    private const string Sum = "150000000000000000.00";

    [Fact]
    public async Task The_ledger_holds_sums_of_more_than_64_bits()
    {
        var teller = bank.As("teller");
        Answer? last = null;
        for (var i = 0; i < 3; i++)
        {
            var account = await teller.OpenAsync();
            var command = new
            {
                accountId = account,
                amount = new { value = "1000000000000000.00", currency = "EUR" },
                reason = "Wide sums",
            };
            var items = Enumerable.Range(0, 50).Select(n => new { idempotencyKey = BankClient.NewKey(), command });
            last = (await teller.PostAsync("/v1/deposits/batch", new { mode = "independent", items })).Ok();
        }

        var answer = (await bank.As("auditor").GetCurrentAsync("/v1/ledger/trial-balance", last!.Header("Ledger-Position")!)).Ok();

        var euro = answer.Json.GetProperty("currencies")[0];
        Assert.Equal(Sum, euro.GetProperty("debits").GetProperty("value").GetString());
        Assert.True(euro.GetProperty("balanced").GetBoolean());

        var sheet = (await bank.As("auditor").GetAsync("/v1/ledger/balance-sheet")).Ok().Json.GetProperty("currencies")[0];
        Assert.Equal(
            [Sum, Sum, Sum],
            new[] { "totalAssets", "totalLiabilities", "totalLiabilitiesAndEquity" }.Select(t =>
                sheet.GetProperty(t).GetProperty("value").GetString()));
        Assert.True(sheet.GetProperty("balanced").GetBoolean());
        var known = (await bank.As("auditor").GetAsync($"/v1/ledger/trial-balance?knownAt={bank.Clock.Now:yyyy-MM-ddTHH:mm:ssZ}")).Ok();
        Assert.Equal(Sum, known.Json.GetProperty("currencies")[0].GetProperty("credits").GetProperty("value").GetString());
        foreach (var by in (string[])["day", "month"])
        {
            var figures = (await bank.As("auditor").GetAsync($"/v1/ledger/figures?by={by}"))
                .Ok()
                .Items()[0]
                .GetProperty("accounts")
                .EnumerateArray();
            Assert.Contains(figures, f => f.GetProperty("debit").GetProperty("value").GetString() == Sum);
        }

        Assert.Contains($"\"{Sum}\"", (await bank.As("auditor").GetAsync("/v1/ledger/accounts")).Ok().Body, StringComparison.Ordinal);
    }
}
