using Banking.Testing;

namespace Banking.Ledger.Tests;

/// <summary>What moves through the whole bank in a day is more than any amount or balance may be.</summary>
public sealed class WideSumTests(BankFixture bank) : IClassFixture<BankFixture>
{
    [Fact]
    public async Task The_books_hold_more_than_64_bits()
    {
        var teller = bank.As("teller");
        Answer? last = null;
        for (var i = 0; i < 3; i++)
        {
            var account = await teller.OpenAsync();
            last = (await teller.PostAsync("/v1/deposits/batch", new
            {
                mode = "independent",
                items = Enumerable.Range(0, 50).Select(n => new
                {
                    idempotencyKey = BankClient.NewKey(),
                    command = new { accountId = account, amount = new { value = "1000000000000000.00", currency = "EUR" } },
                }),
            })).Ok();
        }

        var answer = (await bank.As("auditor").GetCurrentAsync("/v1/ledger/trial-balance", last!.Header("Ledger-Position")!)).Ok();

        var euro = answer.Json.GetProperty("currencies")[0];
        Assert.Equal("150000000000000000.00", euro.GetProperty("debits").GetProperty("value").GetString());
        Assert.True(euro.GetProperty("balanced").GetBoolean());
    }
}
