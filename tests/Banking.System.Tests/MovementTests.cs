using Banking.SharedKernel;
using Banking.Testing;

namespace Banking.System.Tests;

/// <summary>Money in, out and across: every yes with all its members, every no with its facts, and the list of noes.</summary>
public sealed class MovementTests(BankFixture bank) : IClassFixture<BankFixture>
{
    private readonly BankClient _teller = bank.As("teller");

    [Theory]
    [InlineData("deposits", "credit", "110.00")]
    [InlineData("withdrawals", "debit", "90.00")]
    public async Task Cash_is_booked_and_stays_readable(string kind, string direction, string balance)
    {
        var account = await _teller.OpenAsync(balance: "100.00");

        var booked = await _teller.PostAsync($"/v1/{kind}", new
        {
            accountId = account, amount = new { value = "10.00", currency = "EUR" }, reason = "a wish", reference = "REF-1", effectiveAt = "2026-11-01T12:00:00.25+01:00",
        });

        booked.IsAccepted(201, 3, $"/v1/{kind}/{booked.Text("id")}");
        Assert.Equal(
            ["id", "status", "accountId", "accountNumber", "direction", "amount", "balance", "version", "effectiveAt", "recordedAt", "reference", "reason"],
            booked.Members());
        Assert.Equal(("completed", account, direction), (booked.Text("status"), booked.Text("accountId"), booked.Text("direction")));
        Assert.Equal(("REF-1", "a wish"), (booked.Text("reference"), booked.Text("reason")));
        booked.Json.GetProperty("amount").IsMoney("10.00");
        booked.Json.GetProperty("balance").IsMoney(balance);
        Assert.Equal(new DateTimeOffset(2026, 11, 1, 11, 0, 0, 250, TimeSpan.Zero), booked.Json.Time("effectiveAt"));
        Assert.Equal(bank.Clock.Now, booked.Json.Time("recordedAt"));
        (await _teller.DepositAsync(account, "1.00")).Created();
        Assert.Equal(booked.Body, (await _teller.GetAsync(booked.Header("Location")!)).Ok().Body);
    }

    [Fact]
    public async Task A_transfer_moves_both_balances_and_stays_readable()
    {
        var (from, to) = (await _teller.OpenAsync(balance: "100.00"), await _teller.OpenAsync());

        var paid = await _teller.PostAsync("/v1/transfers", new
        {
            fromAccountId = from, toAccountId = to, amount = new { value = "30.50", currency = "EUR" }, reason = "rent", reference = "R-1",
        });

        paid.IsAccepted(201, 3, $"/v1/transfers/{paid.Text("id")}");
        Assert.Equal(
            ["id", "status", "fromAccountId", "toAccountId", "amount", "balance", "version", "effectiveAt", "recordedAt", "reference", "reason"],
            paid.Members());
        Assert.Equal((from, to), (paid.Text("fromAccountId"), paid.Text("toAccountId")));
        paid.Json.GetProperty("balance").IsMoney("69.50");
        Assert.Equal(("69.50", "30.50"), (await _teller.BalanceAsync(from), await _teller.BalanceAsync(to)));
        Assert.Equal(paid.Body, (await _teller.GetAsync(paid.Header("Location")!)).Ok().Body);
    }

    [Fact]
    public async Task An_account_number_works_wherever_an_id_does()
    {
        var (from, to) = (await _teller.OpenAsync(balance: "100.00"), await _teller.OpenAsync());
        var payer = AccountNumber.Parse((await _teller.GetAsync($"/v1/accounts/{from}")).Text("number"));
        var payee = AccountNumber.Parse((await _teller.GetAsync($"/v1/accounts/{to}")).Text("number"));

        (await _teller.TransferAsync(payer.Grouped, payee.Value.ToLowerInvariant(), "1.00")).Created();
        Assert.Equal(from, (await _teller.DepositAsync(payer.Value, "1.00")).Created().Text("accountId"));
        Assert.Equal(from, (await _teller.WithdrawAsync(payer.Grouped.ToLowerInvariant(), "1.00")).Created().Text("accountId"));
        foreach (var route in (string[])["", "/balance", "/entries", "/events", "/refusals"])
        {
            var byId = (await _teller.GetAsync($"/v1/accounts/{from}{route}")).Ok();
            Assert.Equal(byId.Body, (await _teller.GetAsync($"/v1/accounts/{Uri.EscapeDataString(payer.Grouped.ToLowerInvariant())}{route}")).Ok().Body);
        }

        (await _teller.PostAsync($"/v1/accounts/{payer.Value}/freeze", new { scope = "all", reasonCode = "wish", reason = "A wish." })).Ok();
        (await _teller.TransferAsync(payer.Value, from, "1.00")).IsProblem(422, "same_account");
    }

    [Theory]
    [InlineData("JPY", "500", "1", "499")]
    [InlineData("KWD", "1.234", "0.001", "1.233")]
    [InlineData("CLF", "1.0000", "0.0001", "0.9999")]
    [InlineData("EUR", "5", "0.1", "4.90")]
    public async Task Currencies_have_the_decimals_they_have(string currency, string value, string part, string rest)
    {
        var account = await _teller.OpenAsync(currency: currency, balance: value);

        var withdrawn = (await _teller.WithdrawAsync(account, part, currency)).Created();

        withdrawn.Json.GetProperty("balance").IsMoney(rest, currency);
        (await _teller.WithdrawAsync(account, part + (part.Contains('.', StringComparison.Ordinal) ? "001" : ".1"), currency)).IsProblem(422, "invalid_amount", "#/amount/value");
    }

    [Fact]
    public async Task What_the_account_does_not_cover_is_refused_with_what_it_does()
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
    public async Task Each_movement_a_rule_forbids_is_refused_with_its_facts()
    {
        var (account, other, yen) = (await _teller.OpenAsync(balance: "10.00"), await _teller.OpenAsync(), await _teller.OpenAsync(currency: "JPY"));
        var frozen = await _teller.OpenAsync();
        (await _teller.PostAsync($"/v1/accounts/{frozen}/freeze", new { scope = "credit", reasonCode = "wish", reason = "A wish." })).Ok();
        var amount = new { value = "1.00", currency = "EUR" };
        var soon = bank.Clock.Now.AddSeconds(1);

        foreach (var kind in (string[])["deposits", "withdrawals"])
        {
            var mismatch = (await _teller.PostAsync($"/v1/{kind}", new { accountId = yen, amount })).IsProblem(422, "currency_mismatch");
            Assert.Equal(("JPY", "EUR"), (mismatch.GetProperty("accountCurrency").GetString(), mismatch.GetProperty("amountCurrency").GetString()));
            var early = (await _teller.PostAsync($"/v1/{kind}", new { accountId = account, amount, effectiveAt = soon })).IsProblem(422, "effective_in_future");
            Assert.Equal((soon, bank.Clock.Now), (early.Time("effectiveAt"), early.Time("now")));
        }

        Assert.Equal(account, (await _teller.TransferAsync(account, account, "1.00")).IsProblem(422, "same_account").GetProperty("accountId").GetString());
        var payee = (await _teller.TransferAsync(account, frozen, "1.00")).IsProblem(422, "payee_account_frozen");
        Assert.Equal(frozen, payee.GetProperty("accountId").GetString());
        var foreign = (await _teller.TransferAsync(account, yen, "1.00")).IsProblem(422, "currency_mismatch");
        Assert.False(foreign.TryGetProperty("accountCurrency", out _), "What the payee's account is kept in is not the payer's business.");
        (await _teller.TransferAsync(account, other, "10.01")).IsProblem(422, "insufficient_funds").GetProperty("available").IsMoney("10.00");
        (await _teller.TransferAsync(account, "acc_0198f000000070008000000000000001", "1.00")).IsProblem(404, "account_not_found", "#/toAccountId");
        (await _teller.TransferAsync("acc_0198f000000070008000000000000001", account, "1.00")).IsProblem(404, "account_not_found", "#/fromAccountId");
        (await _teller.DepositAsync("acc_0198f000000070008000000000000001", "1.00")).IsProblem(404, "account_not_found", "#/accountId");
    }

    [Fact]
    public async Task The_largest_amounts_are_booked_until_the_balance_would_not_fit()
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
    public async Task Refusals_are_listed_newest_first_with_their_facts_and_move_nothing()
    {
        var account = await _teller.OpenAsync(balance: "1.00");
        foreach (var value in (string[])["2.00", "3.00", "4.00", "5.00", "6.00"])
        {
            (await _teller.PostAsync("/v1/withdrawals", new { accountId = account, amount = new { value, currency = "EUR" }, reason = "no. " + value },
                ("X-Correlation-ID", "corr-" + value), ("Idempotency-Key", "refused-" + value))).IsProblem(422, "insufficient_funds");
            bank.Clock.Advance(TimeSpan.FromMilliseconds(1));
        }

        Assert.Equal("\"2\"", (await _teller.GetAsync($"/v1/accounts/{account}")).Header("ETag"));
        var pages = await Pages.AllAsync(_teller, $"/v1/accounts/{account}/refusals", 2);
        Assert.Equal([2, 2, 1], pages.Select(p => p.Count));
        Assert.Equal(["6.00", "5.00", "4.00", "3.00", "2.00"], pages.SelectMany(p => p).Select(r => r.GetProperty("facts").GetProperty("requested").GetProperty("value").GetString()));
        var newest = pages[0][0];
        Assert.Equal(
            ["id", "operation", "code", "detail", "facts", "version", "recordedAt", "actor", "role", "channel", "reason", "correlationId", "idempotencyKey"],
            newest.EnumerateObject().Select(m => m.Name));
        Assert.Equal(
            ("POST /v1/withdrawals", "insufficient_funds", 2, "dev-teller", "teller", "http", "corr-6.00", "refused-6.00", "no. 6.00"),
            (newest.GetProperty("operation").GetString(), newest.GetProperty("code").GetString(), newest.GetProperty("version").GetInt64(),
                newest.GetProperty("actor").GetString(), newest.GetProperty("role").GetString(), newest.GetProperty("channel").GetString(),
                newest.GetProperty("correlationId").GetString(), newest.GetProperty("idempotencyKey").GetString(),
                newest.GetProperty("reason").GetProperty("text").GetString()));
        newest.GetProperty("facts").GetProperty("available").IsMoney("1.00");
    }

    [Theory]
    [InlineData("/v1/deposits/dep_0198f000000070008000000000000001")]
    [InlineData("/v1/withdrawals/garbage")]
    [InlineData("/v1/transfers/trf_0198F000000070008000000000000001")]
    public async Task A_movement_that_is_not_there_is_not_found(string path) => (await _teller.GetAsync(path)).IsProblem(404, "movement_not_found");

    [Fact]
    public async Task One_kind_of_movement_is_not_found_among_another()
    {
        var deposit = (await _teller.DepositAsync(await _teller.OpenAsync(), "1.00")).Created().Text("id");

        (await _teller.GetAsync("/v1/withdrawals/wdr_" + deposit[4..])).IsProblem(404, "movement_not_found");
        (await _teller.GetAsync("/v1/transfers/trf_" + deposit[4..])).IsProblem(404, "movement_not_found");
        (await _teller.GetAsync("/v1/withdrawals/" + deposit)).IsProblem(404, "movement_not_found");
    }
}
