using System.Text.Json;
using Banking.SharedKernel;
using Banking.Testing;

namespace Banking.System.Tests;

/// <summary>The contents and filters of lists.</summary>
public sealed class ListTests(BankFixture bank) : IClassFixture<BankFixture>
{
    private readonly BankClient _teller = bank.As("teller");

    [Fact]
    public async Task Entries_have_the_balance_after_them_in_the_order_of_booking()
    {
        var (account, other) = (
            await _teller.OpenAsync(balance: "100.00", effectiveAt: bank.Clock.Now.AddDays(-1)), await _teller.OpenAsync(balance: "1.00"));
        var number = (await _teller.GetAsync($"/v1/accounts/{other}")).Text("number");
        await _teller.WithdrawAsync(account, "30.00");
        await _teller.TransferAsync(account, other, "20.00");
        await _teller.PostAsync($"/v1/accounts/{account}/freeze", new { scope = "credit", reasonCode = "wish", reason = "A wish." });
        await _teller.PostAsync($"/v1/accounts/{account}/unfreeze", new { scope = "credit", reasonCode = "wish", reason = "A wish." });
        await _teller.TransferAsync(other, account, "0.50");
        await _teller.PostAsync("/v1/deposits", new
        {
            accountId = account,
            amount = new { value = "5.00", currency = "EUR" },
            effectiveAt = bank.Clock.Now.AddDays(-1),
            reason = "late",
            reference = "R",
        });

        var pages = await Pages.AllAsync(_teller, $"/v1/accounts/{account}/entries", 2);

        Assert.Equal([2, 2, 1], pages.Select(p => p.Count));
        Assert.Equal(
            [
                ("deposit", "credit", "100.00", "100.00", 2, null), ("withdrawal", "debit", "30.00", "70.00", 3, null),
                ("transfer-sent", "debit", "20.00", "50.00", 4, number), ("transfer-received", "credit", "0.50", "50.50", 7, number),
                ("deposit", "credit", "5.00", "55.50", 8, null),
            ],
            pages.SelectMany(p => p).Select(e => (
                e.GetProperty("type").GetString(), e.GetProperty("direction").GetString(),
                e.GetProperty("amount").GetProperty("value").GetString(),
                e.GetProperty("balance").GetProperty("value").GetString(), e.GetProperty("version").GetInt32(),
                Optional(e, "otherAccount"))));
        var late = pages[^1][0];
        Assert.Equal(("late", "R"), (Optional(late, "reason"), late.GetProperty("details").GetProperty("reference").GetString()));
        Assert.Equal(TimeSpan.FromDays(1), late.Time("recordedAt") - late.Time("effectiveAt"));
    }

    [Fact]
    public async Task Events_have_actor_reason_channel_and_other_metadata()
    {
        var account = await _teller.OpenAsync();
        var freeze = new { scope = "debit", reasonCode = "fraud", reason = "It looks odd." };
        (await bank.As("operator").PostAsync($"/v1/accounts/{account}/freeze", freeze, ("X-Correlation-ID", "case 42"),
            ("Idempotency-Key", "\"freeze-1\""))).Ok();
        var deposit = await _teller.PostAsync("/v1/deposits",
            new { accountId = account, amount = new { value = "5.00", currency = "EUR" }, reason = "wage" });

        var events = (await _teller.GetAsync($"/v1/accounts/{account}/events")).Ok().Items();

        Assert.Equal(
            [("accounts.account-opened.v1", 1), ("accounts.account-frozen.v1", 2), ("accounts.money-deposited.v3", 3)],
            events.Select(e => (e.GetProperty("type").GetString(), e.GetProperty("version").GetInt32())));
        var frozen = events[1];
        Assert.Equal(
            [
                "id", "type", "version", "position", "recordedAt", "effectiveAt", "actor", "role", "channel", "operation", "reason",
                "correlationId",
                "idempotencyKey", "data",
            ],
            frozen.EnumerateObject().Select(m => m.Name));
        Assert.Equal(
            ("dev-operator", "operator", "http", $"POST /v1/accounts/{account}/freeze", "case 42", "freeze-1", "fraud", "It looks odd.",
                "debit"),
            (Optional(frozen, "actor"), Optional(frozen, "role"), Optional(frozen, "channel"), Optional(frozen, "operation"),
                Optional(frozen, "correlationId"),
                Optional(frozen, "idempotencyKey"), Optional(frozen.GetProperty("reason"), "code"),
                Optional(frozen.GetProperty("reason"), "text"),
                Optional(frozen.GetProperty("data"), "scope")));
        Assert.Equal("evt_" + deposit.Text("id")[4..], Optional(events[2], "id"));
        Assert.Equal((null, "wage"), (Optional(events[2].GetProperty("reason"), "code"),
            Optional(events[2].GetProperty("reason"), "text")));
        Assert.Equal(deposit.Header("Ledger-Position"), events[2].GetProperty("position").GetRawText());
        Assert.NotEmpty(Optional(events[2], "correlationId")!);
        events[2].GetProperty("data").GetProperty("amount").IsMoney("5.00");
    }

    [Theory]
    [InlineData("case\u0001")]
    [InlineData(" ")]
    [InlineData("0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789-")]
    public async Task A_correlation_id_that_cannot_be_stored_is_malformed(string correlation)
    {
        var answer = await _teller.DepositAsync(await _teller.OpenAsync(), "1.00", "EUR", ("X-Correlation-ID", correlation));

        answer.IsProblem(400, "malformed_correlation_id");
    }

    [Fact]
    public async Task Accounts_are_found_by_each_filter_and_by_combinations()
    {
        var customer = await _teller.RegisterAsync();
        var number = AccountNumber.Create("XB", "FIND00000001");
        var found = (await _teller.PostAsync("/v1/accounts",
            new { customerId = customer, currency = "CHF", product = "savings", number = number.Value })).Created().Text("id");
        var closed = await _teller.OpenAsync(customer, "CHF");
        (await _teller.PostAsync($"/v1/accounts/{closed}/close", new { reasonCode = "wish", reason = "A wish." })).Ok();
        await _teller.OpenAsync(currency: "USD");
        string[] both = [.. new[] { found, closed }.Order(StringComparer.Ordinal)];

        foreach (var (filter, expected) in new (string, string[])[]
        {
            ($"customerId={customer}", both), ("currency=CHF", both), ($"number={number.Value}", [found]),
            ($"number={Uri.EscapeDataString(number.Grouped.ToLowerInvariant())}", [found]), ("product=savings", [found]),
            ("status=closed", [closed]),
            ("status=closed&currency=USD", []), ($"customerId={customer}&status=open&currency=CHF", [found]), ("q=FIND0000", [found]),
            ("q=find%200000", [found]),
            ("q=FIND%25", []), ("externalId=2926", []), ($"customerId=cus_{found[4..]}", []), ("currency=SEK", []),
            ($"number={AccountNumber.Create("XB", "FIND00000002")}", []),
        })
        {
            Assert.Equal(expected, (await _teller.GetAsync("/v1/accounts?" + filter)).Ok().Items().Select(Id));
        }
    }

    private static string Id(JsonElement item) => item.GetProperty("id").GetString()!;

    private static string? Optional(JsonElement item, string member) =>
        item.TryGetProperty(member, out var value) ? value.GetString() : null;
}
