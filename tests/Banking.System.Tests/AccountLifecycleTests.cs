using Banking.Testing;

namespace Banking.System.Tests;

/// <summary>Freezing, limits and closing: acceptances with all members, refusals with all facts.</summary>
public sealed class AccountLifecycleTests(BankFixture bank) : IClassFixture<BankFixture>
{
    private readonly BankClient _teller = bank.As("teller");

    private static readonly string[] AccountMembers =
    [
        "id", "number", "customerId", "delegates", "currency", "product", "status", "balance", "available", "overdraftLimit", "frozen",
        "openedAt", "version",
    ];

    [Theory]
    [InlineData("debit", true, false)]
    [InlineData("credit", false, true)]
    [InlineData("all", true, true)]
    public async Task A_freeze_blocks_its_movements_until_it_is_lifted(string scope, bool debit, bool credit)
    {
        var account = await _teller.OpenAsync(balance: "10.00");

        var frozen = await _teller.PostAsync($"/v1/accounts/{account}/freeze", Why(scope));

        frozen.IsAccepted(200, 3, null);
        Assert.Equal(AccountMembers, frozen.Members());
        Assert.Equal((debit, credit), (frozen.Json.GetProperty("frozen").GetProperty("debit").GetBoolean(),
            frozen.Json.GetProperty("frozen").GetProperty("credit").GetBoolean()));
        AssertBlocked(await _teller.WithdrawAsync(account, "1.00"), debit, account, "debit");
        AssertBlocked(await _teller.DepositAsync(account, "1.00"), credit, account, "credit");
        Assert.Equal(frozen.Text("frozen"), (await _teller.PostAsync($"/v1/accounts/{account}/freeze", Why(scope)))
            .IsProblem(409, "already_frozen").GetProperty("frozen").GetRawText());
        (await _teller.PostAsync($"/v1/accounts/{account}/close", Why())).IsProblem(422, "account_frozen");

        var unfrozen = (await _teller.PostAsync($"/v1/accounts/{account}/unfreeze", Why(scope))).Ok();
        Assert.Equal("""{"debit":false,"credit":false}""", unfrozen.Text("frozen"));
        (await _teller.PostAsync($"/v1/accounts/{account}/unfreeze", Why(scope))).IsProblem(409, "not_frozen");
        (await _teller.WithdrawAsync(account, "1.00")).Created();
    }

    [Fact]
    public async Task A_limit_allows_a_negative_balance_and_cannot_be_lowered_below_it()
    {
        var account = await _teller.OpenAsync();

        var limited = await _teller.PostAsync($"/v1/accounts/{account}/overdraft-limit", Limit("50.00"));
        limited.IsAccepted(200, 2, null);
        limited.Json.GetProperty("available").IsMoney("50.00");
        (await _teller.WithdrawAsync(account, "30.00")).Created().Json.GetProperty("balance").IsMoney("-30.00");

        var no = (await _teller.PostAsync($"/v1/accounts/{account}/overdraft-limit", Limit("29.99"))).IsProblem(422, "limit_below_use");
        no.GetProperty("balance").IsMoney("-30.00");
        no.GetProperty("limit").IsMoney("29.99");
        (await _teller.PostAsync($"/v1/accounts/{account}/overdraft-limit", Limit("30.00"))).Ok();
        (await _teller.PostAsync($"/v1/accounts/{account}/overdraft-limit", Limit("30.001"))).IsProblem(422, "invalid_amount", "#/limit");
        (await _teller.PostAsync($"/v1/accounts/{account}/overdraft-limit", Limit("-1.00"))).IsProblem(422, "invalid_amount", "#/limit");
    }

    [Fact]
    public async Task An_account_is_closed_at_zero_and_accepts_no_command_afterwards()
    {
        var account = await _teller.OpenAsync(balance: "10.00");
        var payer = await _teller.OpenAsync(balance: "10.00");
        (await _teller.PostAsync($"/v1/accounts/{account}/close", Why()))
            .IsProblem(422, "balance_not_zero").GetProperty("balance").IsMoney("10.00");
        (await _teller.WithdrawAsync(account, "10.00")).Created();

        var closed = await _teller.PostAsync($"/v1/accounts/{account}/close", Why());

        closed.IsAccepted(200, 4, null);
        Assert.Equal("closed", closed.Text("status"));
        Answer[] late =
        [
            await _teller.DepositAsync(account, "1.00"), await _teller.WithdrawAsync(account, "1.00"),
            await _teller.TransferAsync(account, payer, "1.00"),
            await _teller.PostAsync($"/v1/accounts/{account}/close", Why()),
            await _teller.PostAsync($"/v1/accounts/{account}/freeze", Why("all")),
            await _teller.PostAsync($"/v1/accounts/{account}/unfreeze", Why("all")),
            await _teller.PostAsync($"/v1/accounts/{account}/overdraft-limit", Limit("1.00")),
        ];
        Assert.All(late, a => Assert.Equal(account, a.IsProblem(409, "account_closed").GetProperty("accountId").GetString()));
        (await _teller.TransferAsync(payer, account, "1.00")).IsProblem(409, "payee_account_closed");
        Assert.Equal(closed.Body, (await _teller.GetAsync($"/v1/accounts/{account}")).Ok().Body);
    }

    [Theory]
    [InlineData("freeze")]
    [InlineData("unfreeze")]
    [InlineData("overdraft-limit")]
    [InlineData("close")]
    public async Task Commands_that_control_an_account_require_a_reason(string command)
    {
        var account = await _teller.OpenAsync();
        (string? Code, string? Text, string Problem, string Pointer)[] reasons =
        [
            (null, "Because.", "reason_required", "#/reasonCode"), ("", "Because.", "reason_required", "#/reasonCode"),
            ("Not A Code", "Because.", "reason_required", "#/reasonCode"), ("wish", null, "reason_required", "#/reason"),
            ("wish", "", "reason_required", "#/reason"), ("wish", " ", "invalid_text", "#/reason"),
        ];

        foreach (var (code, text, problem, pointer) in reasons)
        {
            var body = new Dictionary<string, string?> { ["reasonCode"] = code, ["reason"] = text };
            body[command switch { "overdraft-limit" => "limit", "close" => "none", _ => "scope" }] =
                command switch { "overdraft-limit" => "1.00", "close" => null, _ => "all" };
            foreach (var (name, _) in body.Where(m => m.Value is null).ToList())
            {
                body.Remove(name);
            }

            (await _teller.PostAsync($"/v1/accounts/{account}/{command}", body)).IsProblem(422, problem, pointer);
        }

        Assert.Equal("\"1\"", (await _teller.GetAsync($"/v1/accounts/{account}")).Header("ETag"));
    }

    private static void AssertBlocked(Answer answer, bool blocked, string account, string direction)
    {
        if (blocked)
        {
            var no = answer.IsProblem(422, "account_frozen");
            Assert.Equal((account, direction), (no.GetProperty("accountId").GetString(), no.GetProperty("direction").GetString()));
        }
        else
        {
            answer.Created();
        }
    }

    private static object Why() => new { reasonCode = "customer-wish", reason = "The customer asked for it." };

    private static object Why(string scope) => new { scope, reasonCode = "customer-wish", reason = "The customer asked for it." };

    private static object Limit(string limit) => new { limit, reasonCode = "customer-wish", reason = "The customer asked for it." };
}
