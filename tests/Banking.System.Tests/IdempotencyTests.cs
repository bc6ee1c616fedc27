using Banking.Testing;

namespace Banking.System.Tests;

/// <summary>A key stands for one command and one answer, however often it is sent.</summary>
public sealed class IdempotencyTests(BankFixture bank) : IClassFixture<BankFixture>
{
    private static readonly string[] Repeated = ["Content-Type", "ETag", "Location", "Ledger-Position"];

    private readonly BankClient _teller = bank.As("teller");

    [Fact]
    public async Task A_repeat_gets_the_first_answer_whatever_happened_since()
    {
        var (account, other) = (await _teller.OpenAsync(balance: "100.00"), await _teller.OpenAsync());
        var key = ("Idempotency-Key", BankClient.NewKey());
        var refused = ("Idempotency-Key", BankClient.NewKey());
        Func<Task<Answer>>[] commands =
        [
            () => _teller.DepositAsync(account, "5.00", "EUR", key),
            () => _teller.WithdrawAsync(account, "7.00", "EUR", key),
            () => _teller.WithdrawAsync(account, "9999.00", "EUR", refused),
            () => _teller.TransferAsync(account, other, "11.00", "EUR", key),
            () => _teller.PostAsync("/v1/customers", new { name = "Ada" }, key),
            () => _teller.PostAsync($"/v1/accounts/{account}/freeze", new { scope = "credit", reasonCode = "wish", reason = "A wish." },
                key),
            () => _teller.PostAsync($"/v1/accounts/{account}/close", new { reasonCode = "wish", reason = "A wish." }, key),
        ];
        var first = new List<Answer>();
        foreach (var command in commands)
        {
            first.Add(await command());
        }

        Assert.Equal([201, 201, 422, 201, 201, 200, 422], first.Select(a => a.StatusCode));
        bank.Clock.Advance(TimeSpan.FromDays(1));
        var before = await bank.RowsAsync();

        for (var i = 0; i < commands.Length; i++)
        {
            var again = await commands[i]();
            Assert.Equal((first[i].StatusCode, first[i].Body), (again.StatusCode, again.Body));
            Assert.Equal(Repeated.Select(first[i].Header), Repeated.Select(again.Header));
            Assert.Equal((null, "true"), (first[i].Header("Idempotency-Replayed"), again.Header("Idempotency-Replayed")));
        }

        Assert.Equal(before, await bank.RowsAsync());
    }

    [Fact]
    public async Task The_order_and_spacing_of_members_do_not_matter()
    {
        var account = await _teller.OpenAsync(effectiveAt: bank.Clock.Now.AddDays(-5));
        var key = ("Idempotency-Key", BankClient.NewKey());
        string[] spellings =
        [
            $$"""{"accountId":"{{account}}","amount":{"value":"1.00","currency":"EUR"},"""
                + """ "reason":"wage","effectiveAt":"2026-11-17T12:00:00Z"}""",
            """{  "effectiveAt":"2026-11-17T12:00:00Z","reason":"wag\u0065", """
                + $$""" "amount":{"currency":"EUR","value":"1.00"},"accountId":"{{account}}"}""",
            $$"""{"accountId":"{{account}}","amount":{"value":"1.00","currency":"EUR"},"reference":null,"""
                + """ "reason":"wage","effectiveAt":"2026-11-17T12:00:00+00:00"}""",
        ];

        var answers = new List<Answer>();
        foreach (var body in spellings)
        {
            answers.Add((await _teller.PostTextAsync("/v1/deposits", body, key)).Created());
        }

        Assert.Single(answers.Select(a => a.Body).Distinct());
        Assert.Equal([null, "true", "true"], answers.Select(a => a.Header("Idempotency-Replayed")));
        Assert.Equal("1.00", await _teller.BalanceAsync(account));
    }

    [Fact]
    public async Task The_same_key_with_other_content_is_refused()
    {
        var (account, other) = (await _teller.OpenAsync(), await _teller.OpenAsync());
        var key = ("Idempotency-Key", BankClient.NewKey());
        var first = (await _teller.DepositAsync(account, "1.00", "EUR", key)).Created();

        foreach (var no in new[] { await _teller.DepositAsync(account, "1.01", "EUR", key),
            await _teller.DepositAsync(other, "1.00", "EUR", key) })
        {
            no.IsProblem(422, "idempotency_key_reused");
            Assert.Null(no.Header("Idempotency-Replayed"));
        }

        Assert.Equal(first.Body, (await _teller.DepositAsync(account, "1.00", "EUR", key)).Created().Body);
        Assert.Equal("1.00", await _teller.BalanceAsync(account));
    }

    [Fact]
    public async Task A_command_that_was_not_decided_leaves_its_key_free()
    {
        var customer = await _teller.RegisterAsync();
        var number = SharedKernel.AccountNumber.Create("XB", "LATER0000001").Value;
        var key = ("Idempotency-Key", BankClient.NewKey());
        var before = await bank.RowsAsync();

        (await _teller.DepositAsync(number, "1.00", "EUR", key)).IsProblem(404, "account_not_found");
        (await _teller.DepositAsync(number, "1.001", "EUR", key)).IsProblem(422, "invalid_amount");
        (await _teller.PostTextAsync("/v1/deposits", "{", key)).IsProblem(400, "malformed_json");
        (await _teller.DepositAsync(number, "1.00", "EUR", key, ("If-Match", "nonsense"))).IsProblem(400, "malformed_if_match");
        Assert.Equal(before, await bank.RowsAsync());
        var account = (await _teller.PostAsync("/v1/accounts",
            new { customerId = customer, currency = "EUR", number })).Created().Text("id");
        (await _teller.DepositAsync(number, "1.00", "EUR", key, ("If-Match", "\"7\""))).IsProblem(412, "version_mismatch");

        Assert.Null((await _teller.DepositAsync(number, "1.00", "EUR", key)).Created().Header("Idempotency-Replayed"));
        Assert.Equal("1.00", await _teller.BalanceAsync(account));
    }
}
