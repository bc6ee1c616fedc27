using Banking.Testing;

namespace Banking.System.Tests;

/// <summary>Metadata that a customer must not learn from their own account.</summary>
public sealed class EventPrivacyTests(BankFixture bank) : IClassFixture<BankFixture>
{
    private readonly BankClient _teller = bank.As("teller");

    [Fact]
    public async Task A_payee_does_not_see_the_payers_metadata()
    {
        var (ada, from) = await CustomerAsync();
        var (ben, to) = await CustomerAsync();
        (
            await ada.PostAsync(
                "/v1/transfers",
                new
                {
                    fromAccountId = from,
                    toAccountId = to,
                    amount = new { value = "1.00", currency = "EUR" },
                    reason = "hush money",
                })).Created();

        var paid = (await ada.GetAsync($"/v1/accounts/{from}/events")).Ok().Items()[^1];
        var received = (await ben.GetAsync($"/v1/accounts/{to}/events")).Ok().Items()[^1];
        var line = (await ben.GetAsync($"/v1/accounts/{to}/entries")).Ok().Items()[^1];

        Assert.Equal("hush money", paid.GetProperty("reason").GetProperty("text").GetString());
        Assert.Equal("accounts.transfer-received.v3", received.GetProperty("type").GetString());
        foreach (var member in (string[])["actor", "operation", "reason", "correlationId", "causationId", "idempotencyKey"])
        {
            Assert.False(received.TryGetProperty(member, out _), member);
        }

        Assert.False(line.TryGetProperty("reason", out _));
    }

    [Fact]
    public async Task An_owner_does_not_see_the_reason_of_a_freeze_and_an_auditor_does()
    {
        var (ada, account) = await CustomerAsync();
        (await bank.As("operator").PostAsync($"/v1/accounts/{account}/freeze",
            new { scope = "all", reasonCode = "aml", reason = "suspicion of laundering" })).Ok();

        var seen = (await ada.GetAsync($"/v1/accounts/{account}/events")).Ok().Body;
        var audited = (await bank.As("auditor").GetAsync($"/v1/accounts/{account}/events")).Ok().Items()[^1];

        Assert.DoesNotContain("laundering", seen, StringComparison.Ordinal);
        Assert.DoesNotContain("dev-operator", seen, StringComparison.Ordinal);
        Assert.Equal("suspicion of laundering", audited.GetProperty("reason").GetProperty("text").GetString());
    }

    [Fact]
    public async Task The_payer_sees_no_refused_correction_of_a_transfer_because_the_payees_funds_refused_it()
    {
        var (ada, from) = await CustomerAsync();
        var (ben, to) = await CustomerAsync();
        var transfer = (await ada.TransferAsync(from, to, "50.00")).Created().Text("id");
        (await ben.TransferAsync(to, from, "149.00")).Created();
        (await _teller.PostAsync(
            $"/v1/transactions/{transfer}/corrections", new { kind = "reversal", reasonCode = "fraud", reason = "Ben is suspected." }))
            .IsProblem(422, "insufficient_funds");
        (await ada.WithdrawAsync(from, "1000.00")).IsProblem(422, "insufficient_funds");

        var hers = Assert.Single((await ada.GetAsync($"/v1/accounts/{from}/refusals")).Ok().Items());
        var staff = (await _teller.GetAsync($"/v1/accounts/{from}/refusals")).Ok().Items();

        Assert.Equal("POST /v1/withdrawals", hers.Text("operation"));
        hers.GetProperty("facts").GetProperty("requested").IsMoney("1000.00");
        Assert.Equal(to, staff[1].GetProperty("facts").Text("accountId"));
        Assert.Empty((await ben.GetAsync($"/v1/accounts/{to}/refusals")).Ok().Items());
    }

    [Fact]
    public async Task An_owner_sees_that_staff_were_refused_and_not_why_they_tried()
    {
        var (ada, account) = await CustomerAsync();
        (await bank.As("operator").PostAsync($"/v1/accounts/{account}/unfreeze",
            new { scope = "all", reasonCode = "aml", reason = "suspicion of laundering" })).IsProblem(409, "not_frozen");

        var seen = Assert.Single((await ada.GetAsync($"/v1/accounts/{account}/refusals")).Ok().Items());
        var audited = Assert.Single((await bank.As("auditor").GetAsync($"/v1/accounts/{account}/refusals")).Ok().Items());

        Assert.Equal(["id", "code", "version", "recordedAt", "role", "channel"], seen.EnumerateObject().Select(m => m.Name));
        Assert.Equal("suspicion of laundering", audited.GetProperty("reason").GetProperty("text").GetString());
    }

    [Fact]
    public async Task A_customers_id_with_the_prefix_of_an_account_is_not_found()
    {
        var (ada, account) = await CustomerAsync();
        var customer = (await ada.GetAsync($"/v1/accounts/{account}")).Text("customerId");

        var answer = await ada.TransferAsync(account, "acc_" + customer["cus_".Length..], "1.00");

        Assert.Equal((404, "account_not_found"), (answer.StatusCode, answer.Code));
    }

    [Fact]
    public async Task A_key_is_the_same_for_every_spelling_of_the_URL()
    {
        var account = await _teller.OpenAsync();
        var key = ("Idempotency-Key", BankClient.NewKey());
        var body = new { accountId = account, amount = new { value = "5.00", currency = "EUR" }, reason = "test" };

        var first = (await _teller.PostAsync("/v1/deposits", body, key)).Created();
        var second = (await _teller.PostAsync("/V1/Deposits/", body, key)).Created();

        Assert.Equal(first.Body, second.Body);
        Assert.Equal("5.00", await _teller.BalanceAsync(account));
    }

    [Fact]
    public async Task An_opening_sent_to_two_hosts_at_once_opens_one_account_and_both_get_the_same_answer()
    {
        await using var other = await bank.StartAnotherAsync();
        var customer = await _teller.RegisterAsync();
        for (var i = 1; i <= 10; i++)
        {
            var number = SharedKernel.AccountNumber.Create("XB", $"TWICE{i:D10}").Value;
            var key = ("Idempotency-Key", BankClient.NewKey());
            var body = new { customerId = customer, currency = "EUR", number };

            var answers = await Task.WhenAll(
                _teller.PostAsync("/v1/accounts", body, key), BankFixture.On(other, "teller").PostAsync("/v1/accounts", body, key));

            Assert.All(answers, a => Assert.Equal(201, a.StatusCode));
            Assert.Equal(answers[0].Body, answers[1].Body);
        }
    }

    private async Task<(BankClient Customer, string Account)> CustomerAsync()
    {
        var customer = await _teller.RegisterAsync();
        return (bank.As("customer", customer), await _teller.OpenAsync(customer, balance: "100.00"));
    }
}
