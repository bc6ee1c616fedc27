using Banking.Testing;

namespace Banking.System.Tests;

/// <summary>Refused movements: answered with the facts, listed, and without effect on the account.</summary>
public sealed class RefusalTests(BankFixture bank) : IClassFixture<BankFixture>
{
    private readonly BankClient _teller = bank.As("teller");

    [Fact]
    public async Task A_withdrawal_beyond_the_available_amount_is_refused_with_the_funds()
    {
        var account = await _teller.OpenAsync(balance: "100.00", overdraftLimit: "20.00");

        var no = (await _teller.WithdrawAsync(account, "120.01")).IsProblem(422, "insufficient_funds");

        no.GetProperty("available").IsMoney("120.00");
        no.GetProperty("requested").IsMoney("120.01");
        no.GetProperty("balance").IsMoney("100.00");
        no.GetProperty("overdraftLimit").IsMoney("20.00");
        Assert.Equal(2, no.GetProperty("version").GetInt64());
        (await _teller.WithdrawAsync(account, "120.00")).Created().Json.GetProperty("balance").IsMoney("-20.00");
    }

    [Fact]
    public async Task Each_broken_rule_refuses_with_its_facts()
    {
        var (account, other, yen) = (await _teller.OpenAsync(balance: "10.00"), await _teller.OpenAsync(),
            await _teller.OpenAsync(currency: "JPY"));
        var frozen = await _teller.OpenAsync();
        (await _teller.PostAsync($"/v1/accounts/{frozen}/freeze", new { scope = "credit", reasonCode = "wish", reason = "A wish." })).Ok();
        var amount = new { value = "1.00", currency = "EUR" };
        var soon = bank.Clock.Now.AddSeconds(3);

        foreach (var kind in (string[])["deposits", "withdrawals"])
        {
            var mismatch = (
                await _teller.PostAsync(
                    $"/v1/{kind}",
                    new
                    {
                        accountId = yen,
                        amount,
                        reason = "test",
                    })).IsProblem(422, "currency_mismatch");
            Assert.Equal(
                ("JPY", "EUR"), (mismatch.GetProperty("accountCurrency").GetString(), mismatch.GetProperty("amountCurrency").GetString()));
            var early = (
                await _teller.PostAsync(
                    $"/v1/{kind}",
                    new
                    {
                        accountId = account,
                        amount,
                        reason = "test",
                        effectiveAt = soon,
                    })).IsProblem(422, "effective_in_future");
            Assert.Equal((soon, bank.Clock.Now), (early.Time("effectiveAt"), early.Time("now")));
        }

        Assert.Equal(account, (await _teller.TransferAsync(account, account, "1.00"))
            .IsProblem(422, "same_account").GetProperty("accountId").GetString());
        var payee = (await _teller.TransferAsync(account, frozen, "1.00")).IsProblem(422, "payee_account_frozen");
        Assert.Equal(frozen, payee.GetProperty("accountId").GetString());
        var foreign = (await _teller.TransferAsync(account, yen, "1.00")).IsProblem(422, "currency_mismatch");
        Assert.False(foreign.TryGetProperty("accountCurrency", out _), "The payer must not learn the currency of the payee's account.");
        (await _teller.TransferAsync(account, other, "10.01"))
            .IsProblem(422, "insufficient_funds").GetProperty("available").IsMoney("10.00");
        (await _teller.TransferAsync(account, "acc_0198f000000070008000000000000001", "1.00"))
            .IsProblem(404, "account_not_found", "#/toAccountId");
        (await _teller.TransferAsync("acc_0198f000000070008000000000000001", account, "1.00"))
            .IsProblem(404, "account_not_found", "#/fromAccountId");
        (await _teller.DepositAsync("acc_0198f000000070008000000000000001", "1.00")).IsProblem(404, "account_not_found", "#/accountId");
    }

    [Fact]
    public async Task The_largest_amounts_are_booked_up_to_the_largest_balance()
    {
        var account = await _teller.OpenAsync();
        (await _teller.DepositAsync(account, "1000000000000000.01")).IsProblem(422, "invalid_amount", "#/amount/value");

        for (var i = 0; i < 90; i++)
        {
            (await _teller.DepositAsync(account, "1000000000000000.00")).Created();
        }

        var no = (await _teller.DepositAsync(account, "0.01")).IsProblem(422, "balance_too_large");
        no.GetProperty("balance").IsMoney("90000000000000000.00");
        var payer = await _teller.OpenAsync(balance: "1.00");
        var hidden = (await _teller.TransferAsync(payer, account, "1.00")).IsProblem(422, "payee_balance_too_large");
        Assert.False(hidden.TryGetProperty("balance", out _));
    }

    [Fact]
    public async Task Refusals_are_listed_newest_first_with_their_facts_and_change_no_balance()
    {
        var account = await _teller.OpenAsync(balance: "1.00");
        foreach (var value in (string[])["2.00", "3.00", "4.00", "5.00", "6.00"])
        {
            (await _teller.PostAsync("/v1/withdrawals",
                new { accountId = account, amount = new { value, currency = "EUR" }, reason = "no. " + value },
                ("X-Correlation-ID", "corr-" + value), ("Idempotency-Key", "refused-" + value))).IsProblem(422, "insufficient_funds");
            bank.Clock.Advance(TimeSpan.FromMilliseconds(1));
        }

        Assert.Equal("\"2\"", (await _teller.GetAsync($"/v1/accounts/{account}")).Header("ETag"));
        var pages = await Pages.AllAsync(_teller, $"/v1/accounts/{account}/refusals", 2);
        Assert.Equal([2, 2, 1], pages.Select(p => p.Count));
        Assert.Equal(["6.00", "5.00", "4.00", "3.00", "2.00"], pages.SelectMany(p => p)
            .Select(r => r.GetProperty("facts").GetProperty("requested").GetProperty("value").GetString()));
        var newest = pages[0][0];
        Assert.Equal(
            ["id", "operation", "code", "detail", "facts", "version", "recordedAt", "actor", "role", "channel", "reason", "correlationId",
                "idempotencyKey", "command"],
            newest.EnumerateObject().Select(m => m.Name));
        Assert.Equal(
            ("POST /v1/withdrawals", "insufficient_funds", 2, "dev-teller", "teller", "http", "corr-6.00", "refused-6.00", "no. 6.00"),
            (newest.GetProperty("operation").GetString(), newest.GetProperty("code").GetString(), newest.GetProperty("version").GetInt64(),
                newest.GetProperty("actor").GetString(), newest.GetProperty("role").GetString(), newest.GetProperty("channel").GetString(),
                newest.GetProperty("correlationId").GetString(), newest.GetProperty("idempotencyKey").GetString(),
                newest.GetProperty("reason").GetProperty("text").GetString()));
        newest.GetProperty("facts").GetProperty("available").IsMoney("1.00");
    }
}
