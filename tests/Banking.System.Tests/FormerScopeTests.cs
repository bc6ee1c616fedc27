using System.Text.Json;
using Banking.Testing;

namespace Banking.System.Tests;

/// <summary>
/// A receipt belongs to a subject and the customer in its token. Earlier versions stored it for the subject alone: such answers are still
/// repeated, but not to the same subject with another customer.
/// </summary>
public sealed class FormerScopeTests(BankFixture bank) : IClassFixture<BankFixture>
{
    private const string Subject = "auth0|someone";

    private readonly BankClient _teller = bank.As("teller");

    [Fact]
    public async Task The_same_subject_with_another_customer_has_keys_of_its_own()
    {
        var (ada, ben) = (await NewAsync("10.00"), await NewAsync("10.00"));
        var key = ("Idempotency-Key", BankClient.NewKey());

        var first = (await ada.Client.WithdrawAsync(ada.Account, "1.00", "EUR", key)).Created();
        (await ben.Client.WithdrawAsync(ada.Account, "1.00", "EUR", key)).IsProblem(404, "account_not_found", "#/accountId");
        var second = (await ben.Client.WithdrawAsync(ben.Account, "2.00", "EUR", key)).Created();

        Assert.Null(second.Header("Idempotency-Replayed"));
        Assert.NotEqual(first.Text("id"), second.Text("id"));
        Assert.Equal(first.Body, (await ada.Client.WithdrawAsync(ada.Account, "1.00", "EUR", key)).Created().Body);
        Assert.Equal(("9.00", "8.00"), (await _teller.BalanceAsync(ada.Account), await _teller.BalanceAsync(ben.Account)));
    }

    [Theory]
    [InlineData("withdrawals", true)]
    [InlineData("withdrawals", false)]
    [InlineData("transfers", true)]
    [InlineData("transfers", false)]
    public async Task An_answer_of_the_former_scope_is_repeated_only_to_its_customer(string kind, bool withReason)
    {
        var (ada, ben) = (await NewAsync("10.00"), await NewAsync("10.00"));
        var payee = await _teller.OpenAsync();
        var answered = (await ada.Client.PostAsync("/v1/" + kind, Request(kind, ada.Account, payee, "1.00", reason: true))).Created();
        var key = BankClient.NewKey();
        var header = ("Idempotency-Key", key);
        await bank.StoreAsync(
            answered, Subject, "POST /v1/" + kind, key, JsonSerializer.Serialize(Request(kind, ada.Account, payee, "1.00", withReason)));
        var before = await bank.RowsAsync();

        var again = (await ada.Client.PostAsync("/v1/" + kind, Request(kind, ada.Account, payee, "1.00", withReason), header)).Created();
        Assert.Equal((answered.Body, "true"), (again.Body, again.Header("Idempotency-Replayed")));
        (await ada.Client.PostAsync("/v1/" + kind, Request(kind, ada.Account, payee, "2.00", reason: true), header)).IsProblem(
            422, "idempotency_key_reused");

        var foreign = await ben.Client.PostAsync("/v1/" + kind, Request(kind, ada.Account, payee, "1.00", withReason), header);
        foreign.IsProblem(withReason ? 404 : 400, withReason ? "account_not_found" : "reason_required");
        Assert.Equal(before, await bank.RowsAsync());

        var own = (await ben.Client.PostAsync("/v1/" + kind, Request(kind, ben.Account, payee, "3.00", reason: true), header)).Created();
        Assert.Null(own.Header("Idempotency-Replayed"));
        Assert.Equal("7.00", await _teller.BalanceAsync(ben.Account));
    }

    [Fact]
    public async Task A_refusal_of_the_former_scope_is_not_repeated_to_another_customer()
    {
        var (ada, ben) = (await NewAsync("10.00"), await NewAsync("10.00"));
        var key = BankClient.NewKey();
        var header = ("Idempotency-Key", key);
        var refused = await ada.Client.WithdrawAsync(ada.Account, "99.00", "EUR", header);
        refused.IsProblem(422, "insufficient_funds");
        // A former receipt under the key of the refusal in the log; today's receipt has another scope.
        await bank.StoreAsync(
            refused,
            Subject,
            "POST /v1/withdrawals",
            key,
            JsonSerializer.Serialize(Request("withdrawals", ada.Account, "", "98.00", reason: true)));

        (await ben.Client.WithdrawAsync(ada.Account, "98.00", "EUR", header)).IsProblem(404, "account_not_found");
        var own = (await ben.Client.WithdrawAsync(ben.Account, "3.00", "EUR", header)).Created();

        Assert.Null(own.Header("Idempotency-Replayed"));
    }

    [Fact]
    public async Task A_former_answer_of_an_unknown_customer_prevents_a_second_execution()
    {
        var (ada, ben) = (await NewAsync("10.00"), await NewAsync("10.00"));
        var refused = await ada.Client.WithdrawAsync(ada.Account, "99.00");
        var key = BankClient.NewKey();
        var header = ("Idempotency-Key", key);
        // No refusal in the log has this key, so the customer is unknown.
        await bank.StoreAsync(
            refused,
            Subject,
            "POST /v1/withdrawals",
            key,
            JsonSerializer.Serialize(Request("withdrawals", ada.Account, "", "99.00", reason: true)));

        var again = await ada.Client.WithdrawAsync(ada.Account, "99.00", "EUR", header);
        Assert.Equal((422, refused.Body, "true"), (again.StatusCode, again.Body, again.Header("Idempotency-Replayed")));
        (await ben.Client.WithdrawAsync(ada.Account, "99.00", "EUR", header)).IsProblem(404, "account_not_found");
        (await ben.Client.WithdrawAsync(ben.Account, "1.00", "EUR", header)).IsProblem(422, "idempotency_key_reused");
        Assert.Equal(("10.00", "10.00"), (await _teller.BalanceAsync(ada.Account), await _teller.BalanceAsync(ben.Account)));
    }

    [Theory]
    [InlineData("withdrawals", true)]
    [InlineData("transfers", true)]
    [InlineData("transfers", false)]
    public async Task A_customers_answer_from_before_todays_rules_is_repeated_by_each_route(string kind, bool withReason)
    {
        var (ada, _) = (await NewAsync("10.00"), await NewAsync("10.00"));
        var payee = await _teller.OpenAsync();
        var answered = (await ada.Client.PostAsync("/v1/" + kind, Request(kind, ada.Account, payee, "1.00", reason: true))).Created();
        var key = BankClient.NewKey();
        // Customers may no longer set effectiveAt.
        var request = Request(kind, ada.Account, payee, "1.00", withReason);
        request["effectiveAt"] = new DateTimeOffset(2026, 1, 2, 0, 0, 0, TimeSpan.Zero);
        await bank.StoreAsync(answered, Subject, "POST /v1/" + kind, key, JsonSerializer.Serialize(request));
        var before = await bank.RowsAsync();

        var again = (await ada.Client.PostAsync("/v1/" + kind, request, ("Idempotency-Key", key))).Created();
        Assert.Equal((answered.Body, "true"), (again.Body, again.Header("Idempotency-Replayed")));
        foreach (var mode in (string[])["independent", "atomic"])
        {
            var batch = new { mode, items = new[] { new { idempotencyKey = key, command = request } } };
            var result = (await ada.Client.PostAsync($"/v1/{kind}/batch", batch)).Ok().Json.GetProperty("results")[0];
            Assert.Equal((201, true), (result.GetProperty("status").GetInt32(), result.GetProperty("replayed").GetBoolean()));
        }

        Assert.Equal(before, await bank.RowsAsync());
        (await ada.Client.PostAsync("/v1/" + kind, request)).IsProblem(
            withReason ? 403 : 400, withReason ? "effective_at_not_allowed" : "reason_required");
    }

    [Theory]
    [InlineData("independent", true)]
    [InlineData("independent", false)]
    [InlineData("atomic", true)]
    public async Task Former_answers_in_a_batch_are_repeated_only_to_their_customer(string mode, bool withReason)
    {
        var (ada, ben) = (await NewAsync("10.00"), await NewAsync("10.00"));
        var items = new List<object>();
        var answers = new List<string>();
        foreach (var value in (string[])["1.00", "2.00", "3.00"])
        {
            var key = BankClient.NewKey();
            var answered = (
                await ada.Client.PostAsync("/v1/withdrawals", Request("withdrawals", ada.Account, "", value, reason: true))).Created();
            var request = Request("withdrawals", ada.Account, "", value, withReason);
            await bank.StoreAsync(answered, Subject, "POST /v1/withdrawals", key, JsonSerializer.Serialize(request));
            items.Add(new { idempotencyKey = key, command = request });
            answers.Add(answered.Text("id"));
        }

        var own = (await ada.Client.PostAsync("/v1/withdrawals/batch", new { mode, items }))
            .Ok()
            .Json.GetProperty("results")
            .EnumerateArray()
            .ToList();
        var foreign = await ben.Client.PostAsync("/v1/withdrawals/batch", new { mode, items });

        Assert.Equal(answers, own.Select(r => r.GetProperty("body").GetProperty("id").GetString()));
        Assert.All(own, r => Assert.True(r.GetProperty("replayed").GetBoolean()));
        Assert.DoesNotContain("\"replayed\":true", foreign.Body, StringComparison.Ordinal);
        Assert.Equal(("4.00", "10.00"), (await _teller.BalanceAsync(ada.Account), await _teller.BalanceAsync(ben.Account)));
    }

    /// <summary>A customer with an account; all these customers have the same subject.</summary>
    private async Task<(BankClient Client, string Account)> NewAsync(string balance)
    {
        var customer = await _teller.RegisterAsync();
        var token = new ForgedTokens(bank).With(new() { ["sub"] = Subject, ["role"] = "customer", ["customer"] = customer });
        return (bank.WithToken(token), await _teller.OpenAsync(customer, balance: balance));
    }

    private static Dictionary<string, object> Request(string kind, string account, string payee, string value, bool reason)
    {
        var request = kind == "transfers"
            ? new Dictionary<string, object> { ["fromAccountId"] = account, ["toAccountId"] = payee }
            : new Dictionary<string, object> { ["accountId"] = account };
        request["amount"] = new { value, currency = "EUR" };
        if (reason)
        {
            request["reason"] = "test";
        }

        return request;
    }
}
