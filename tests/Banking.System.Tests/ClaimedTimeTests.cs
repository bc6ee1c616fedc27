using Banking.Accounts.Features;
using Banking.Commands.Groups;
using Banking.Commands.Receipts;
using Banking.SharedKernel;
using Banking.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Banking.System.Tests;

/// <summary>Who may claim an effective time, and how far back: over HTTP, in batches and on the bus.</summary>
public sealed class ClaimedTimeTests(BankFixture bank) : IClassFixture<BankFixture>
{
    private static readonly object Euro = new { value = "1.00", currency = "EUR" };

    private readonly BankClient _teller = bank.As("teller");

    [Theory]
    [InlineData("withdrawals", 0)]
    [InlineData("withdrawals", -1)]
    [InlineData("transfers", -1)]
    [InlineData("transfers", 1)]
    public async Task A_customer_may_not_set_any_effective_time(string kind, int days)
    {
        var (customer, account, other) = await CustomerAsync();
        var key = ("Idempotency-Key", BankClient.NewKey());
        var before = await bank.RowsAsync();

        var no = (await customer.PostAsync($"/v1/{kind}", Body(kind, account, other, bank.Clock.Now.AddDays(days)), key))
            .IsProblem(403, "effective_at_not_allowed", "#/effectiveAt");

        Assert.Equal(("customer", bank.Clock.Now.AddDays(days)), (no.GetProperty("role").GetString(), no.Time("effectiveAt")));
        Assert.Equal(before, await bank.RowsAsync());
        // The key is still free.
        (await customer.PostAsync($"/v1/{kind}", Body(kind, account, other, null), key)).Created();
    }

    [Fact]
    public async Task A_customer_may_not_set_an_effective_time_in_a_batch()
    {
        var (customer, account, other) = await CustomerAsync();
        object[] items =
        [
            new { idempotencyKey = "now", command = Body("transfers", account, other, null) },
            new { idempotencyKey = "then", command = Body("transfers", account, other, bank.Clock.Now.AddDays(-1)) },
        ];

        var atomic = await customer.PostAsync("/v1/transfers/batch", new { mode = "atomic", items });
        Assert.Equal(["batch_refused", "effective_at_not_allowed"], Codes(atomic));
        var each = await customer.PostAsync("/v1/transfers/batch", new { mode = "independent", items });

        Assert.Equal([null, "effective_at_not_allowed"], Codes(each.Ok()));
        Assert.Equal("9.00", await _teller.BalanceAsync(account));
    }

    [Fact]
    public async Task On_the_bus_a_service_may_set_it_unless_it_acts_for_a_user()
    {
        var account = await _teller.OpenAsync(balance: "10.00", effectiveAt: bank.Clock.Now.AddDays(-2));
        var customer = await _teller.RegisterAsync();
        var (yesterday, commands) = (bank.Clock.Now.AddDays(-1), bank.Host.Services.GetRequiredService<AccountCommands>());
        Task<CommandReply> Deposit(string? user) =>
            DepositMoneyHandler.Handle(
                new(BankClient.NewKey(), account, new(100, Currency.Parse("EUR")), EffectiveAt: yesterday, Reason: "late"),
                new() { UserName = user },
                commands,
                default);
        Task<CommandReply> Open(string? user) =>
            OpenAccountHandler.Handle(
                new(BankClient.NewKey(), customer, Currency.Parse("EUR"), "current", EffectiveAt: yesterday, Reason: "late"),
                new() { UserName = user },
                bank.Host.Services.GetRequiredService<AccountOpening>(),
                default);

        foreach (var command in (Func<string?, Task<CommandReply>>[])[Deposit, Open])
        {
            Assert.Equal("effective_at_not_allowed", (await Assert.ThrowsAsync<CommandRejectedException>(() => command("ada"))).Code);
            Assert.Equal(201, (await command(null)).Status);
        }

        Assert.Equal("11.00", await _teller.BalanceAsync(account));
    }

    [Theory]
    [InlineData("deposits")]
    [InlineData("withdrawals")]
    [InlineData("transfers")]
    public async Task A_time_two_seconds_ahead_counts_as_now_and_a_repeat_gets_the_same_answer(string kind)
    {
        var (account, other) = (await _teller.OpenAsync(balance: "10.00"), await _teller.OpenAsync());
        var key = ("Idempotency-Key", BankClient.NewKey());
        var now = bank.Clock.Now;

        var first = (await _teller.PostAsync($"/v1/{kind}", Body(kind, account, other, now.AddSeconds(2)), key)).Created();

        Assert.Equal((now, now), (first.Json.Time("effectiveAt"), first.Json.Time("recordedAt")));
        Assert.Equal(now, (await _teller.GetAsync($"/v1/accounts/{account}/events")).Ok().Items()[^1].Time("effectiveAt"));
        (await _teller.PostAsync($"/v1/{kind}", Body(kind, account, other, now.AddSeconds(2).AddTicks(10)))).IsProblem(
            422, "effective_in_future");
        bank.Clock.Advance(TimeSpan.FromHours(1));
        Assert.Equal(
            first.Body, (await _teller.PostAsync($"/v1/{kind}", Body(kind, account, other, now.AddSeconds(2)), key)).Created().Body);
    }

    [Theory]
    [InlineData("deposits", "")]
    [InlineData("withdrawals", "")]
    [InlineData("transfers", "")]
    [InlineData("transfers", "payee_")]
    public async Task Staff_may_backdate_to_the_opening_and_at_most_thirty_days(string kind, string whose)
    {
        var (young, old) = (bank.Clock.Now.AddDays(-3), bank.Clock.Now.AddDays(-29));
        var account = await _teller.OpenAsync(overdraftLimit: "10.00", effectiveAt: whose.Length == 0 ? young : old);
        var other = await _teller.OpenAsync(effectiveAt: whose.Length == 0 ? old : young);

        var booked = (await _teller.PostAsync($"/v1/{kind}", Body(kind, account, other, young))).Created();
        var before = (await _teller.PostAsync($"/v1/{kind}", Body(kind, account, other, young.AddTicks(-10)))).IsProblem(
            422, whose + "effective_before_opening");
        var early = (
            await _teller.PostAsync($"/v1/{kind}", Body(kind, account, other, bank.Clock.Now.AddDays(-30).AddTicks(-10)))
        ).IsProblem(422, "effective_too_early");

        Assert.Equal(young, booked.Json.Time("effectiveAt"));
        Assert.Equal((young, young.AddTicks(-10)), (before.Time("earliest"), before.Time("effectiveAt")));
        Assert.Equal((bank.Clock.Now.AddDays(-30), bank.Clock.Now), (early.Time("earliest"), early.Time("now")));
    }

    [Fact]
    public async Task An_opening_may_be_backdated_by_at_most_thirty_days()
    {
        var customerId = await _teller.RegisterAsync();
        var earliest = bank.Clock.Now.AddDays(-30);

        (
            await _teller.PostAsync(
                "/v1/accounts",
                new
                {
                    customerId,
                    currency = "EUR",
                    effectiveAt = earliest,
                })).Created();
        var no = (
            await _teller.PostAsync(
                "/v1/accounts",
                new
                {
                    customerId,
                    currency = "EUR",
                    effectiveAt = earliest.AddTicks(-10),
                })).IsProblem(422, "effective_too_early");
        var ahead = (
            await _teller.PostAsync(
                "/v1/accounts",
                new
                {
                    customerId,
                    currency = "EUR",
                    effectiveAt = bank.Clock.Now.AddSeconds(2),
                })).Created();

        Assert.Equal((earliest, bank.Clock.Now), (no.Time("earliest"), ahead.Json.Time("openedAt")));
    }

    [Fact]
    public async Task A_transfer_dated_years_before_the_openings_is_refused()
    {
        var (payer, payee) = (await _teller.OpenAsync(balance: "10.00"), await _teller.OpenAsync());

        (await _teller.PostAsync("/v1/transfers", Body("transfers", payer, payee, new(1999, 1, 1, 0, 0, 0, TimeSpan.Zero)))).IsProblem(
            422, "effective_too_early");

        Assert.Equal(("10.00", "0.00"), (await _teller.BalanceAsync(payer), await _teller.BalanceAsync(payee)));
    }

    [Fact]
    public async Task A_repeat_gets_its_answer_when_its_time_is_too_far_back_by_then()
    {
        var account = await _teller.OpenAsync(overdraftLimit: "10.00", effectiveAt: bank.Clock.Now.AddDays(-20));
        var (key, body) = (("Idempotency-Key", BankClient.NewKey()), Body("withdrawals", account, "", bank.Clock.Now.AddDays(-20)));
        var first = (await _teller.PostAsync("/v1/withdrawals", body, key)).Created();
        bank.Clock.Advance(TimeSpan.FromDays(20));

        var again = (await _teller.PostAsync("/v1/withdrawals", body, key)).Created();

        Assert.Equal((first.Body, "true"), (again.Body, again.Header("Idempotency-Replayed")));
        (await _teller.PostAsync("/v1/withdrawals", body)).IsProblem(422, "effective_too_early");
    }

    [Fact]
    public async Task Later_money_does_not_cover_an_earlier_movement_and_the_refusal_names_the_instant()
    {
        var opened = bank.Clock.Now.AddDays(-10);
        var account = await _teller.OpenAsync(overdraftLimit: "5.00", effectiveAt: opened);
        (await _teller.DepositAsync(account, "100.00")).Created();

        var other = await _teller.OpenAsync(effectiveAt: opened);
        (await _teller.PostAsync("/v1/withdrawals", Body("withdrawals", account, "", opened.AddDays(2)))).Created();
        foreach (var kind in (string[])["withdrawals", "transfers"])
        {
            for (var i = 0; i < 2; i++)
            {
                (await _teller.PostAsync($"/v1/{kind}", Body(kind, account, other, opened.AddDays(1)))).Created();
            }
        }

        foreach (var kind in (string[])["withdrawals", "transfers"])
        {
            var no = (await _teller.PostAsync($"/v1/{kind}", Body(kind, account, other, opened.AddDays(1)))).IsProblem(
                422, "insufficient_funds");

            no.GetProperty("available").IsMoney("0.00");
            no.GetProperty("lowestBalance").IsMoney("-5.00");
            no.GetProperty("overdraftLimit").IsMoney("5.00");
            Assert.Equal((opened.AddDays(1), opened.AddDays(2)), (no.Time("effectiveAt"), no.Time("lowestAt")));
        }

        Assert.Equal("95.00", await _teller.BalanceAsync(account));
    }

    [Fact]
    public async Task In_a_batch_each_command_sees_the_backdated_movements_before_it()
    {
        var opened = bank.Clock.Now.AddDays(-10);
        var account = await _teller.OpenAsync(overdraftLimit: "2.50", effectiveAt: opened);
        (await _teller.DepositAsync(account, "100.00")).Created();
        object[] Items(string name) =>
            [
                .. Enumerable
                    .Range(0, 4)
                    .Select(i => new { idempotencyKey = name + i, command = Body("withdrawals", account, "", opened.AddDays(4 - i)) }),
            ];

        var atomic = await _teller.PostAsync("/v1/withdrawals/batch", new { mode = "atomic", items = Items("a") });
        Assert.Equal(["batch_refused", "batch_refused", "insufficient_funds", "batch_refused"], Codes(atomic));
        Assert.Equal("100.00", await _teller.BalanceAsync(account));
        var each = await _teller.PostAsync("/v1/withdrawals/batch", new { mode = "independent", items = Items("i") });

        Assert.Equal([null, null, "insufficient_funds", "insufficient_funds"], Codes(each.Ok()).OrderBy(c => c, StringComparer.Ordinal));
        Assert.Equal("98.00", await _teller.BalanceAsync(account));
    }

    private static string?[] Codes(Answer batch) => [.. batch.Json.GetProperty("results").EnumerateArray()
        .Select(r => r.GetProperty("body").TryGetProperty("code", out var code) ? code.GetString() : null)];

    private async Task<(BankClient Customer, string Account, string Other)> CustomerAsync()
    {
        var customer = await _teller.RegisterAsync();
        var account = await _teller.OpenAsync(customer, effectiveAt: bank.Clock.Now.AddDays(-5));
        (await _teller.DepositAsync(account, "10.00")).Created();
        return (bank.As("customer", customer), account, await _teller.OpenAsync(effectiveAt: bank.Clock.Now.AddDays(-5)));
    }

    private static object Body(string kind, string account, string other, DateTimeOffset? effectiveAt) => kind == "transfers"
        ? new { fromAccountId = account, toAccountId = other, amount = Euro, effectiveAt, reason = "a wish" }
        : new { accountId = account, amount = Euro, effectiveAt, reason = "a wish" };
}
