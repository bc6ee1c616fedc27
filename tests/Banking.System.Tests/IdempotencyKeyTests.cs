using System.Text;
using Banking.Testing;

namespace Banking.System.Tests;

/// <summary>The format and the scope of idempotency keys.</summary>
public sealed class IdempotencyKeyTests(BankFixture bank) : IClassFixture<BankFixture>
{
    private readonly BankClient _teller = bank.As("teller");

    public static TheoryData<string, string, int> Keys => new()
    {
        { "quotes around nothing", "\"\"", 400 }, { "blank", "   ", 400 }, { "256 long", new('k', 256), 400 },
        { "a control character", "a\u0001b", 400 }, { "a tab", "a\tb", 400 }, { "a letter beyond ASCII", "schlüssel", 400 },
        { "255 long", new('k', 255), 201 }, { "255 long in quotes", $"\"{new string('q', 255)}\"", 201 },
        { "spaces and signs", "a b~!{}", 201 },
    };

    [Theory]
    [InlineData("deposits")]
    [InlineData("withdrawals")]
    [InlineData("transfers")]
    public async Task A_movement_without_a_key_is_refused(string kind)
    {
        var account = await _teller.OpenAsync(balance: "10.00");
        var body = $$"""{"accountId":"{{account}}","amount":{"value":"1.00","currency":"EUR"},"reason":"r" }""";
        body = kind == "transfers" ? body.Replace("accountId", "fromAccountId", StringComparison.Ordinal).Insert(1,
            $"\"toAccountId\":\"{account}\",") : body;

        (await _teller.SendAsync(HttpMethod.Post, "/v1/" + kind, Json(body))).IsProblem(400, "idempotency_key_missing");
        (await _teller.SendAsync(HttpMethod.Post, "/v1/" + kind, Json(body), ("Idempotency-Key", "one"), ("Idempotency-Key", "two")))
            .IsProblem(400, "malformed_idempotency_key");
        Assert.Equal("10.00", await _teller.BalanceAsync(account));
    }

    [Theory]
    [MemberData(nameof(Keys), DisableDiscoveryEnumeration = true)]
    public async Task A_key_is_1_to_255_printable_characters(string name, string key, int status)
    {
        var answer = await _teller.DepositAsync(await _teller.OpenAsync(), "1.00", "EUR", ("Idempotency-Key", key));

        Assert.True(answer.StatusCode == status, $"{name}: {answer.Body}");
        if (status == 400)
        {
            answer.IsProblem(400, "malformed_idempotency_key");
        }
    }

    [Fact]
    public async Task The_same_key_of_another_caller_or_in_another_operation_is_another_key()
    {
        var customers = new[] { await _teller.RegisterAsync(), await _teller.RegisterAsync() };
        var accounts = new[] { await _teller.OpenAsync(customers[0], balance: "10.00"),
            await _teller.OpenAsync(customers[1], balance: "20.00") };
        var key = ("Idempotency-Key", "the-same");

        (await bank.As("customer", customers[0]).WithdrawAsync(accounts[0], "1.00", "EUR", key)).Created();
        (await bank.As("customer", customers[1]).WithdrawAsync(accounts[1], "2.00", "EUR", key)).Created();
        (await _teller.WithdrawAsync(accounts[0], "4.00", "EUR", key)).Created();
        (await _teller.DepositAsync(accounts[0], "8.00", "EUR", key)).Created();
        (await _teller.PostAsync($"/v1/accounts/{accounts[0]}/freeze", new { scope = "all", reasonCode = "wish", reason = "A wish." },
            key)).Ok();
        (await _teller.PostAsync($"/v1/accounts/{accounts[1]}/freeze", new { scope = "all", reasonCode = "wish", reason = "A wish." },
            key)).Ok();

        Assert.Equal(("13.00", "18.00"), (await _teller.BalanceAsync(accounts[0]), await _teller.BalanceAsync(accounts[1])));
    }

    [Fact]
    public async Task A_key_in_quotes_is_the_key_without_them()
    {
        var account = await _teller.OpenAsync();

        var bare = (await _teller.DepositAsync(account, "1.00", "EUR", ("Idempotency-Key", "spelled"))).Created();
        var quoted = (await _teller.DepositAsync(account, "1.00", "EUR", ("Idempotency-Key", " \"spelled\" "))).Created();

        Assert.Equal((bare.Body, "true"), (quoted.Body, quoted.Header("Idempotency-Replayed")));
    }

    private static StringContent Json(string body) => new(body, Encoding.UTF8, "application/json");
}
