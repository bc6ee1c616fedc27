using Banking.SharedKernel;
using Banking.Testing;

namespace Banking.System.Tests;

/// <summary>Deposits, withdrawals and transfers: answers with all members.</summary>
public sealed class MovementTests(BankFixture bank) : IClassFixture<BankFixture>
{
    private readonly BankClient _teller = bank.As("teller");

    [Theory]
    [InlineData("deposits", "credit", "110.00")]
    [InlineData("withdrawals", "debit", "90.00")]
    public async Task A_deposit_or_withdrawal_is_booked_and_stays_readable(string kind, string direction, string balance)
    {
        var account = await _teller.OpenAsync(overdraftLimit: "10.00", effectiveAt: bank.Clock.Now.AddDays(-30));
        (await _teller.DepositAsync(account, "100.00")).Created();

        var booked = await _teller.PostAsync($"/v1/{kind}", new
        {
            accountId = account,
            amount = new { value = "10.00", currency = "EUR" },
            reason = "a wish",
            reference = "REF-1",
            effectiveAt = "2026-11-01T12:00:00.25+01:00",
        });

        booked.IsAccepted(201, 3, $"/v1/{kind}/{booked.Text("id")}");
        Assert.Equal(
            ["id", "status", "accountId", "accountNumber", "direction", "amount", "balance", "version", "effectiveAt", "recordedAt",
                "reference", "reason"],
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
    public async Task A_transfer_changes_both_balances_and_stays_readable()
    {
        var (from, to) = (await _teller.OpenAsync(balance: "100.00"), await _teller.OpenAsync());

        var paid = await _teller.PostAsync("/v1/transfers", new
        {
            fromAccountId = from,
            toAccountId = to,
            amount = new { value = "30.50", currency = "EUR" },
            reason = "rent",
            reference = "R-1",
        });

        paid.IsAccepted(201, 3, $"/v1/transfers/{paid.Text("id")}");
        Assert.Equal(
            ["id", "status", "fromAccountId", "toAccountId", "amount", "balance", "version", "effectiveAt", "recordedAt", "reference",
                "reason"],
            paid.Members());
        Assert.Equal((from, to), (paid.Text("fromAccountId"), paid.Text("toAccountId")));
        paid.Json.GetProperty("balance").IsMoney("69.50");
        Assert.Equal(("69.50", "30.50"), (await _teller.BalanceAsync(from), await _teller.BalanceAsync(to)));
        Assert.Equal(paid.Body, (await _teller.GetAsync(paid.Header("Location")!)).Ok().Body);
    }

    [Fact]
    public async Task An_account_number_is_accepted_wherever_an_id_is()
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
            Assert.Equal(
                byId.Body,
                (await _teller.GetAsync($"/v1/accounts/{Uri.EscapeDataString(payer.Grouped.ToLowerInvariant())}{route}")).Ok().Body);
        }

        (await _teller.PostAsync($"/v1/accounts/{payer.Value}/freeze",
            new { scope = "all", reasonCode = "wish", reason = "A wish." })).Ok();
        (await _teller.TransferAsync(payer.Value, from, "1.00")).IsProblem(422, "same_account");
    }

    [Theory]
    [InlineData("JPY", "500", "1", "499")]
    [InlineData("KWD", "1.234", "0.001", "1.233")]
    [InlineData("CLF", "1.0000", "0.0001", "0.9999")]
    [InlineData("EUR", "5", "0.1", "4.90")]
    public async Task Amounts_have_the_decimals_of_their_currency(string currency, string value, string part, string rest)
    {
        var account = await _teller.OpenAsync(currency: currency, balance: value);

        var withdrawn = (await _teller.WithdrawAsync(account, part, currency)).Created();

        withdrawn.Json.GetProperty("balance").IsMoney(rest, currency);
        (await _teller.WithdrawAsync(account, part + (part.Contains('.', StringComparison.Ordinal) ? "001" : ".1"), currency))
            .IsProblem(422, "invalid_amount", "#/amount/value");
    }

    [Theory]
    [InlineData("/v1/deposits/dep_0198f000000070008000000000000001")]
    [InlineData("/v1/withdrawals/garbage")]
    [InlineData("/v1/transfers/trf_0198F000000070008000000000000001")]
    public async Task An_unknown_movement_is_not_found(string path) =>
        (await _teller.GetAsync(path)).IsProblem(404, "movement_not_found");

    [Fact]
    public async Task A_movement_is_not_found_as_another_kind()
    {
        var deposit = (await _teller.DepositAsync(await _teller.OpenAsync(), "1.00")).Created().Text("id");

        (await _teller.GetAsync("/v1/withdrawals/wdr_" + deposit[4..])).IsProblem(404, "movement_not_found");
        (await _teller.GetAsync("/v1/transfers/trf_" + deposit[4..])).IsProblem(404, "movement_not_found");
        (await _teller.GetAsync("/v1/withdrawals/" + deposit)).IsProblem(404, "movement_not_found");
    }
}
