using System.Text.Json;
using Banking.Accounts.Contracts;
using Banking.Commands.Groups;
using Banking.Commands.Receipts;
using Banking.SharedKernel;
using Banking.Testing;
using Microsoft.Extensions.DependencyInjection;
using Wolverine;

namespace Banking.System.Tests;

/// <summary>
/// Movements require a reason, over HTTP, in a batch and on the bus. Answers from before that rule are still repeated.
/// </summary>
public sealed class ReasonTests(BankFixture bank) : IClassFixture<BankFixture>
{
    private static readonly Money Euro = new(1_00, Currency.Parse("EUR"));

    private readonly BankClient _teller = bank.As("teller");

    public static TheoryData<string, string?, string> Wrong => new()
    {
        { "none", null, "reason_required" }, { "empty", "", "reason_required" }, { "blank", "  ", "invalid_text" },
        { "141 long", new('r', 141), "invalid_text" }, { "two lines", "a\nb", "invalid_text" },
    };

    private static readonly string[] Kinds = ["deposits", "withdrawals", "transfers"];

    public static TheoryData<string> EachKind => [.. Kinds];

    [Theory]
    [MemberData(nameof(Wrong))]
    public async Task A_movement_without_a_reason_of_1_to_140_characters_is_malformed(string name, string? reason, string code)
    {
        var account = await _teller.OpenAsync(balance: "10.00");
        var before = await bank.RowsAsync();

        foreach (var kind in Kinds)
        {
            (await _teller.PostAsync("/v1/" + kind, Request(kind, account, reason))).IsProblem(400, code, "#/reason");
            foreach (var mode in (string[])["independent", "atomic"])
            {
                var items = new[] { new { idempotencyKey = BankClient.NewKey(), command = Request(kind, account, reason) } };
                var result = (await _teller.PostAsync($"/v1/{kind}/batch", new { mode, items })).Json.GetProperty("results")[0];
                Assert.Equal(
                    (name, 400, code),
                    (name, result.GetProperty("status").GetInt32(), result.GetProperty("body").GetProperty("code").GetString()));
            }

            var rejected = await Assert.ThrowsAsync<CommandRejectedException>(() =>
                InvokeAsync(Message(kind, BankClient.NewKey(), account, reason)));
            Assert.Equal(code, rejected.Code);
        }

        Assert.Equal(before, await bank.RowsAsync());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(140)]
    public async Task A_reason_of_1_and_of_140_characters_is_stored_with_the_event(int length)
    {
        var account = await _teller.OpenAsync(balance: "10.00");
        var reason = new string('r', length);
        foreach (var kind in Kinds)
        {
            var booked = (await _teller.PostAsync("/v1/" + kind, Request(kind, account, reason, await _teller.OpenAsync()))).Created();
            Assert.Equal(reason, booked.Text("reason"));
        }

        var events = (await _teller.GetAsync($"/v1/accounts/{account}/events")).Ok().Items();
        Assert.Equal([reason, reason, reason], events.TakeLast(3).Select(e => e.GetProperty("reason").GetProperty("text").GetString()));
    }

    [Theory]
    [MemberData(nameof(EachKind))]
    public async Task A_request_answered_before_a_reason_was_required_gets_the_same_answer(string kind)
    {
        var (account, payee) = (await _teller.OpenAsync(balance: "10.00"), await _teller.OpenAsync());
        var answered = (await _teller.PostAsync("/v1/" + kind, Request(kind, account, "test", payee))).Created();
        var key = BankClient.NewKey();
        await bank.StoreAsync(
            answered, "dev-teller", "POST /v1/" + kind, key, JsonSerializer.Serialize(Request(kind, account, null, payee)));
        var before = await bank.RowsAsync();

        var again = (await _teller.PostAsync("/v1/" + kind, Request(kind, account, null, payee), ("Idempotency-Key", key))).Created();
        var batched = new[] { new { idempotencyKey = key, command = Request(kind, account, null, payee) } };

        Assert.Equal(
            (answered.Body, "true", answered.Header("ETag"), answered.Header("Location"), answered.Header("Ledger-Position")),
            (
                again.Body,
                again.Header("Idempotency-Replayed"),
                again.Header("ETag"),
                again.Header("Location"),
                again.Header("Ledger-Position")));
        foreach (var mode in (string[])["independent", "atomic"])
        {
            var result = (await _teller.PostAsync($"/v1/{kind}/batch", new { mode, items = batched })).Ok().Json.GetProperty("results")[0];
            Assert.Equal(
                (201, true, answered.Text("id")),
                (
                    result.GetProperty("status").GetInt32(),
                    result.GetProperty("replayed").GetBoolean(),
                    result.GetProperty("body").GetProperty("id").GetString()));
        }

        (await _teller.PostAsync("/v1/" + kind, Request(kind, account, "", payee), ("Idempotency-Key", key))).IsProblem(
            400, "reason_required", "#/reason");
        (await _teller.PostAsync("/v1/" + kind, Request(kind, account, "test", payee), ("Idempotency-Key", key))).IsProblem(
            422, "idempotency_key_reused");
        Assert.Equal(before, await bank.RowsAsync());
    }

    [Fact]
    public async Task A_request_answered_with_a_reason_that_is_too_long_today_gets_the_same_answer()
    {
        var account = await _teller.OpenAsync(balance: "10.00");
        var refused = (await _teller.WithdrawAsync(account, "999.00"));
        var key = BankClient.NewKey();
        var request = Request("withdrawals", account, new('r', 500));
        await bank.StoreAsync(refused, "dev-teller", "POST /v1/withdrawals", key, JsonSerializer.Serialize(request));

        var again = await _teller.PostAsync("/v1/withdrawals", request, ("Idempotency-Key", key));

        Assert.Equal((422, refused.Body, "true"), (again.StatusCode, again.Body, again.Header("Idempotency-Replayed")));
        again = await _teller.PostAsync("/v1/withdrawals", request, ("Idempotency-Key", key), ("X-Correlation-ID", new('c', 101)));
        Assert.Equal((422, refused.Body), (again.StatusCode, again.Body));
    }

    [Theory]
    [MemberData(nameof(EachKind))]
    public async Task A_message_answered_before_a_reason_was_required_gets_the_same_answer(string kind)
    {
        var (account, payee) = (await _teller.OpenAsync(balance: "10.00"), await _teller.OpenAsync());
        var answered = (await _teller.PostAsync("/v1/" + kind, Request(kind, account, "test", payee))).Created();
        var key = BankClient.NewKey();
        var content =
            kind == "transfers"
                ? $$"""{"CommandId":"{{key}}","From":"{{account}}","To":"{{payee}}","Amount":"""
                    + """{"minor":100,"currency":"EUR","scale":2},"EffectiveAt":null,"Reference":null,"Reason":null}"""
                : $$"""{"CommandId":"{{key}}","Account":"{{account}}","Amount":"""
                    + """{"minor":100,"currency":"EUR","scale":2},"BankSide":0,"EffectiveAt":null,"Reference":null,"Reason":null}""";
        var operation = kind switch
        {
            "deposits" => "deposit",
            "withdrawals" => "withdraw",
            _ => "transfer",
        };
        await bank.StoreAsync(answered, "service:banking", $"accounts.{operation}-money.v1", key, content);
        var before = await bank.RowsAsync();

        var again = await InvokeAsync(Message(kind, key, account, null, payee));

        Assert.Equal((201, answered.Body, true), (again.Status, again.Body, again.Replayed));
        Assert.Equal(before, await bank.RowsAsync());
    }

    /// <summary>A request with its members in the order of the bank's record, as <see cref="FormerReceipt"/> requires.</summary>
    private static Dictionary<string, object> Request(string kind, string account, string? reason, string? payee = null)
    {
        var request = kind == "transfers"
            ? new Dictionary<string, object> { ["fromAccountId"] = account, ["toAccountId"] = payee ?? account }
            : new Dictionary<string, object> { ["accountId"] = account };
        request["amount"] = new { value = "1.00", currency = "EUR" };
        if (reason is not null)
        {
            request["reason"] = reason;
        }

        return request;
    }

    private static object Message(string kind, string key, string account, string? reason, string? payee = null) => kind switch
    {
        "deposits" => new DepositMoney(key, account, Euro, Reason: reason),
        "withdrawals" => new WithdrawMoney(key, account, Euro, Reason: reason),
        _ => new TransferMoney(key, account, payee ?? account, Euro, Reason: reason),
    };

    private async Task<CommandReply> InvokeAsync(object command)
    {
        await using var scope = bank.Host.Services.CreateAsyncScope();
        return await scope.ServiceProvider.GetRequiredService<IMessageBus>().InvokeAsync<CommandReply>(command);
    }
}
