using System.Globalization;
using Banking.SharedKernel;
using Banking.Testing;

namespace Banking.System.Tests;

/// <summary>Registration and opening: acceptances with all members, refusals with all facts.</summary>
public sealed class OpeningTests(BankFixture bank) : IClassFixture<BankFixture>
{
    private readonly BankClient _teller = bank.As("teller");

    private static readonly string[] AccountMembers =
    [
        "id", "number", "customerId", "delegates", "currency", "product", "status", "balance", "available", "overdraftLimit", "frozen",
        "openedAt", "version",
    ];

    [Fact]
    public async Task A_customer_is_registered_and_shown()
    {
        var made = await _teller.PostAsync("/v1/customers",
            new { name = "Ada Lovelace", email = "ada@example.org", phone = "+44 20 7946 0000" });

        made.IsAccepted(201, 1, $"/v1/customers/{made.Text("id")}");
        // The answer is stored as a receipt, so it has no personal data.
        Assert.Equal(["id", "erased", "registeredAt", "version"], made.Members());
        var shown = (await _teller.GetAsync(made.Header("Location")!)).Ok();
        Assert.Equal(["id", "name", "email", "phone", "erased", "registeredAt", "version"], shown.Members());
        Assert.Equal(
            ("Ada Lovelace", "ada@example.org", "+44 20 7946 0000"), (shown.Text("name"), shown.Text("email"), shown.Text("phone")));
        Assert.Equal(made.Header("ETag"), shown.Header("ETag"));
        Assert.Equal(shown.Body, (await bank.As("customer", made.Text("id")).GetAsync(made.Header("Location")!)).Ok().Body);
    }

    [Fact]
    public async Task An_account_is_opened_and_shown_by_its_id_and_by_its_number()
    {
        var customer = await _teller.RegisterAsync();

        var opened = await _teller.PostAsync("/v1/accounts",
            new { customerId = customer, currency = "EUR", product = "savings", overdraftLimit = "25.00" });

        opened.IsAccepted(201, 1, $"/v1/accounts/{opened.Text("id")}");
        Assert.Equal(AccountMembers, opened.Members());
        Assert.Equal((customer, "EUR", "savings", "open"),
            (opened.Text("customerId"), opened.Text("currency"), opened.Text("product"), opened.Text("status")));
        opened.Json.GetProperty("balance").IsMoney("0.00");
        opened.Json.GetProperty("available").IsMoney("25.00");
        opened.Json.GetProperty("overdraftLimit").IsMoney("25.00");
        Assert.Equal("""{"debit":false,"credit":false}""", opened.Text("frozen"));
        Assert.Equal(bank.Clock.Now, opened.Json.Time("openedAt"));

        var number = AccountNumber.Parse(opened.Text("number"));
        foreach (var name in (string[])[opened.Text("id"), number.Value, number.Grouped, number.Grouped.ToLowerInvariant()])
        {
            var shown = (await _teller.GetAsync("/v1/accounts/" + Uri.EscapeDataString(name))).Ok();
            Assert.Equal((opened.Body, "\"1\""), (shown.Body, shown.Header("ETag")));
        }
    }

    [Fact]
    public async Task The_default_is_a_current_account_without_overdraft_and_a_backdated_opening_is_stored()
    {
        var account = (await _teller.PostAsync("/v1/accounts",
            new { customerId = await _teller.RegisterAsync(), currency = "JPY", effectiveAt = "2026-11-02T10:00:00+01:00" })).Created();

        Assert.Equal("current", account.Text("product"));
        account.Json.GetProperty("overdraftLimit").IsMoney("0", "JPY");
        Assert.Equal(new DateTimeOffset(2026, 11, 2, 9, 0, 0, TimeSpan.Zero), account.Json.Time("openedAt"));
    }

    [Fact]
    public async Task A_number_is_assigned_once_and_concurrent_commands_are_not_affected()
    {
        var customer = await _teller.RegisterAsync();
        var number = AccountNumber.Create("XB", "WANTED000001").Value;
        var other = await _teller.OpenAsync(customer);

        var answers = await Task.WhenAll(Enumerable.Range(0, 12).Select(i => i % 3 == 0
            ? _teller.PostAsync("/v1/accounts", new { customerId = customer, currency = "EUR", number })
            : i % 3 == 1 ? _teller.PostAsync("/v1/accounts", new { customerId = customer, currency = "EUR" })
            : _teller.DepositAsync(other, "1.00")));

        Assert.Equal(9, answers.Count(a => a.StatusCode == 201));
        Assert.All(answers.Where(a => a.StatusCode != 201), a => a.IsProblem(409, "account_number_taken", "#/number"));
        Assert.Equal("4.00", await _teller.BalanceAsync(other));
        Assert.Equal(1, await bank.CountAsync("accounts.mt_doc_account where data ->> 'number' = $1", number));
        (await _teller.PostAsync("/v1/accounts", new { customerId = customer, currency = "EUR", number }))
            .IsProblem(409, "account_number_taken");
    }

    [Fact]
    public async Task An_account_without_a_chosen_number_gets_the_next_one_that_no_caller_has_chosen()
    {
        var customer = await _teller.RegisterAsync();
        var last = long.Parse(
            (await _teller.PostAsync("/v1/accounts", new { customerId = customer, currency = "EUR" })).Created().Text("number")[^12..],
            CultureInfo.InvariantCulture);
        for (var i = 1; i <= 2; i++)
        {
            var chosen = AccountNumber.Create("XB", "BANK" + (last + i).ToString("D12", CultureInfo.InvariantCulture)).Value;
            (await _teller.PostAsync("/v1/accounts", new { customerId = customer, currency = "EUR", number = chosen })).Created();
        }

        var key = ("Idempotency-Key", BankClient.NewKey());
        var opened = (await _teller.PostAsync("/v1/accounts", new { customerId = customer, currency = "EUR" }, key)).Created();
        var again = (await _teller.PostAsync("/v1/accounts", new { customerId = customer, currency = "EUR" }, key)).Created();

        Assert.Equal(last + 3, long.Parse(opened.Text("number")[^12..], CultureInfo.InvariantCulture));
        Assert.Equal((opened.Body, "true"), (again.Body, again.Header("Idempotency-Replayed")));
    }

    [Theory]
    [InlineData("cus_0198f000000070008000000000000001")]
    [InlineData("acc_0198f000000070008000000000000001")]
    [InlineData("garbage")]
    public async Task An_unknown_customer_gets_no_account(string customerId) =>
        (await _teller.PostAsync("/v1/accounts", new { customerId, currency = "EUR" }))
            .IsProblem(404, "customer_not_found", "#/customerId");

    [Fact]
    public async Task An_accounts_id_with_the_prefix_of_a_customer_is_not_found()
    {
        var account = await _teller.OpenAsync();

        (await _teller.PostAsync("/v1/accounts", new { customerId = "cus_" + account[4..], currency = "EUR" }))
            .IsProblem(404, "customer_not_found");
        (await _teller.GetAsync("/v1/customers/cus_" + account[4..])).IsProblem(404, "customer_not_found");
    }

    [Fact]
    public async Task An_opening_in_the_future_is_refused()
    {
        var body = new { customerId = await _teller.RegisterAsync(), currency = "EUR", effectiveAt = bank.Clock.Now.AddSeconds(3) };

        var no = (await _teller.PostAsync("/v1/accounts", body)).IsProblem(422, "effective_in_future");

        Assert.Equal((bank.Clock.Now.AddSeconds(3), bank.Clock.Now), (no.Time("effectiveAt"), no.Time("now")));
    }
}
