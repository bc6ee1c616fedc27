using System.Globalization;
using System.Text.Json;
using Banking.Testing;

namespace Banking.System.Tests;

/// <summary>Batches of independent commands: each is handled as if sent alone.</summary>
public sealed class BatchTests(BankFixture bank) : IClassFixture<BankFixture>
{
    private readonly BankClient _teller = bank.As("teller");

    [Fact]
    public async Task Each_command_has_its_own_result_and_a_refused_one_does_not_affect_the_others()
    {
        var (ada, ben) = (await _teller.OpenAsync(balance: "10.00"), await _teller.OpenAsync());
        var answer = await _teller.PostAsync(
            "/v1/transfers/batch",
            new
            {
                mode = "independent",
                items = new[]
                {
                    Item("a", Transfer(ada, ben, "6.00")),
                    Item("b", Transfer(ada, ben, "5.00")),
                    Item("c", Transfer(ada, "acc_nobody", "1.00")),
                    Item("d", Transfer(ada, ben, "-1.00")),
                    Item("e", Transfer(ada, ben, "4.00")),
                },
            });

        var results = answer.Ok().Results();
        Assert.Equal((2, 3), (answer.Json.GetProperty("accepted").GetInt32(), answer.Json.GetProperty("refused").GetInt32()));
        Assert.Equal(["a", "b", "c", "d", "e"], results.Select(r => r.GetProperty("idempotencyKey").GetString()![^1..]));
        Assert.Equal([201, 422, 404, 422, 201], results.Select(r => r.GetProperty("status").GetInt32()));
        Assert.Equal([true, false, false, false, true], results.Select(r => r.GetProperty("applied").GetBoolean()));
        Assert.Equal(
            ["insufficient_funds", "account_not_found", "invalid_amount"],
            results.Skip(1).Take(3).Select(r => r.GetProperty("body").GetProperty("code").GetString()));
        Assert.Equal(
            results.Max(r => r.TryGetProperty("position", out var p) ? p.GetInt64() : 0),
            long.Parse(answer.Header("Ledger-Position")!, CultureInfo.InvariantCulture));
        Assert.Equal(("0.00", "10.00"), (await _teller.BalanceAsync(ada), await _teller.BalanceAsync(ben)));
        Assert.Equal(1, await bank.CountAsync("platform.mt_doc_refusal where data ->> 'idempotencyKey' = $1", Key("b")));
    }

    [Fact]
    public async Task A_key_is_shared_between_a_single_command_and_a_batch()
    {
        var account = await _teller.OpenAsync();
        var command = new { accountId = account, amount = new { value = "3.00", currency = "EUR" }, reason = "wage" };
        var alone = (await _teller.PostAsync("/v1/deposits", command, ("Idempotency-Key", "shared-1"))).Created();

        var batch = new
        {
            mode = "independent",
            items = new[] { new { idempotencyKey = "shared-1", command }, new { idempotencyKey = "shared-2", command } },
        };
        var results = (await _teller.PostAsync("/v1/deposits/batch", batch)).Ok().Results();
        Assert.Equal([true, false], results.Select(r => r.GetProperty("replayed").GetBoolean()));
        Assert.Equal(alone.Body, results[0].GetProperty("body").GetRawText());

        var later = (await _teller.PostAsync("/v1/deposits", command, ("Idempotency-Key", "shared-2"))).Created();
        Assert.Equal(("true", results[1].GetProperty("body").GetRawText()), (later.Header("Idempotency-Replayed"), later.Body));
        Assert.Equal("6.00", await _teller.BalanceAsync(account));
        var before = await bank.RowsAsync();
        Assert.All((await _teller.PostAsync("/v1/deposits/batch", batch)).Ok().Results(), r =>
            Assert.True(r.GetProperty("replayed").GetBoolean()));
        Assert.Equal(before, await bank.RowsAsync());
    }

    [Fact]
    public async Task A_batch_of_a_thousand_is_accepted_and_one_more_is_refused()
    {
        var account = await _teller.OpenAsync(balance: "100.00");
        object Batch(int count) =>
            new { mode = "independent", items = Enumerable.Range(0, count).Select(i => Item($"w{i}", Withdrawal(account, "0.11"))) };
        (await _teller.PostAsync("/v1/withdrawals/batch", Batch(1_001))).IsProblem(400, "batch_size", "#/items");

        var answer = (await _teller.PostAsync("/v1/withdrawals/batch", Batch(1_000))).Ok();
        Assert.Equal((909, 91), (answer.Json.GetProperty("accepted").GetInt32(), answer.Json.GetProperty("refused").GetInt32()));
        Assert.Equal("0.01", await _teller.BalanceAsync(account));
        Assert.Equal(911, (await _teller.GetAsync($"/v1/accounts/{account}")).Ok().Json.GetProperty("version").GetInt64());
    }

    [Fact]
    public async Task A_customer_moves_only_their_own_money_in_a_batch_too()
    {
        var (mine, theirs) = (await _teller.RegisterAsync(), await _teller.RegisterAsync());
        var (ada, ben) = (await _teller.OpenAsync(mine, balance: "5.00"), await _teller.OpenAsync(theirs, balance: "5.00"));
        var items = new[] { Item("mine", Transfer(ada, ben, "1.00")), Item("theirs", Transfer(ben, ada, "1.00")) };

        var results = (await bank.As("customer", mine).PostAsync("/v1/transfers/batch", new { mode = "independent", items }))
            .Ok()
            .Results();
        Assert.Equal([201, 404], results.Select(r => r.GetProperty("status").GetInt32()));
        Assert.Equal(
            403,
            (
                await bank.As("customer", mine).PostAsync("/v1/deposits/batch", new { mode = "independent", items = Array.Empty<object>() })
            ).StatusCode);
        Assert.Equal(403, (await bank.As("auditor").PostAsync("/v1/transfers/batch", new { mode = "independent", items })).StatusCode);
    }

    [Theory]
    [InlineData("""{"mode":"independent","items":[]}""", "batch_size", "#/items")]
    [InlineData("""{"mode":"some","items":[]}""", "malformed_json", "#/mode")]
    [InlineData("""{"mode":"atomic","items":[null]}""", "malformed_json", "#/items/0")]
    [InlineData("""{"items":[]}""", "malformed_json", "#")]
    [InlineData(
        """{"mode":"atomic","items":[{"idempotencyKey":"","command":COMMAND}]}""", "malformed_idempotency_key", "#/items/0/idempotencyKey")]
    [InlineData(
        """{"mode":"atomic","items":[{"idempotencyKey":"x ","command":COMMAND}]}""",
        "malformed_idempotency_key",
        "#/items/0/idempotencyKey")]
    [InlineData(
        """{"mode":"atomic","items":[{"idempotencyKey":"\"x\"","command":COMMAND}]}""",
        "malformed_idempotency_key",
        "#/items/0/idempotencyKey")]
    [InlineData("""{"mode":"atomic","items":[{"command":COMMAND}]}""", "malformed_json", "#/items/0")]
    [InlineData("""{"mode":"atomic","items":[{"idempotencyKey":"x","command":null}]}""", "malformed_json", "#/items/0")]
    [InlineData("""{"mode":"atomic","items":[{"idempotencyKey":"x","command":{}}]}""", "malformed_json", "#/items/0/command")]
    [InlineData("""{"mode":"atomic","items":[{"idempotencyKey":"x","command":COMMAND},{"idempotencyKey":"x","command":COMMAND}]}""",
        "duplicate_idempotency_key", "#/items/1/idempotencyKey")]
    public async Task A_malformed_batch_stores_nothing(string body, string code, string pointer)
    {
        var account = await _teller.OpenAsync();
        var before = await bank.RowsAsync();
        var command = $$$"""{"accountId":"{{{account}}}","amount":{"value":"1.00","currency":"EUR"},"reason":"r"}""";
        (await _teller.PostTextAsync("/v1/deposits/batch", body.Replace("COMMAND", command, StringComparison.Ordinal))).IsProblem(
            400, code, pointer);
        Assert.Equal(before, await bank.RowsAsync());
    }

    [Fact]
    public async Task A_batch_that_is_too_large_and_If_Match_on_a_batch_are_refused()
    {
        (await _teller.PostTextAsync("/v1/deposits/batch", new string(' ', 1024 * 1024) + "{}")).IsProblem(413, "body_too_large");
        (await _teller.PostTextAsync("/v1/deposits", new string(' ', 64 * 1024) + "{}")).IsProblem(413, "body_too_large");
        (
            await _teller.PostAsync(
                "/v1/deposits/batch",
                new { mode = "atomic", items = new[] { Item("x", Withdrawal(await _teller.OpenAsync(), "1.00")) } },
                ("If-Match", "\"1\""))).IsProblem(400, "if_match_of_a_batch");
    }

    private static string Key(string name, [global::System.Runtime.CompilerServices.CallerMemberName] string test = "") => $"{test}-{name}";

    private static object Item(string name, object command, [global::System.Runtime.CompilerServices.CallerMemberName] string test = "") =>
        new { idempotencyKey = Key(name, test), command };

    private static object Transfer(string fromAccountId, string toAccountId, string value) =>
        new
        {
            fromAccountId,
            toAccountId,
            amount = new { value, currency = "EUR" },
            reason = "test",
        };

    private static object Withdrawal(string accountId, string value) =>
        new
        {
            accountId,
            amount = new { value, currency = "EUR" },
            reason = "test",
        };
}

internal static class BatchAnswers
{
    /// <summary>The result of each command of a batch.</summary>
    public static IReadOnlyList<JsonElement> Results(this Answer answer) => [.. answer.Json.GetProperty("results").EnumerateArray()];
}
