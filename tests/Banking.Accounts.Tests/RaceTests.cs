using System.Globalization;
using Banking.Testing;

namespace Banking.Accounts.Tests;

/// <summary>Concurrent callers: exact counts, no unexpected failures, and money is conserved.</summary>
public sealed class RaceTests(BankFixture bank) : IClassFixture<BankFixture>
{
    [Fact]
    public async Task Of_64_parallel_withdrawals_from_an_account_that_covers_10_exactly_10_are_accepted()
    {
        var teller = bank.As("teller");
        var account = await teller.OpenAsync(balance: "100.00");

        var answers = await Task.WhenAll(Enumerable.Range(0, 64).Select(_ => teller.WithdrawAsync(account, "10.00")));

        Assert.Equal(10, answers.Count(a => a.StatusCode == 201));
        Assert.Equal(54, answers.Count(a => a.StatusCode == 422 && a.Code == "insufficient_funds"));
        Assert.Equal("0.00", await teller.BalanceAsync(account));
        var refusals = (await teller.GetAsync($"/v1/accounts/{account}/refusals?limit=100")).Ok().Json.GetProperty("items");
        Assert.Equal(54, refusals.GetArrayLength());
        var versions = (await teller.GetAsync($"/v1/accounts/{account}/events")).Ok().Json.GetProperty("items").EnumerateArray()
            .Select(e => e.GetProperty("version").GetInt64());
        Assert.Equal(Enumerable.Range(1, 12).Select(i => (long)i), versions);
    }

    [Fact]
    public async Task Opposite_transfers_between_two_accounts_never_deadlock_and_conserve_the_money()
    {
        var teller = bank.As("teller");
        var (a, b) = (await teller.OpenAsync(balance: "1000.00"), await teller.OpenAsync(balance: "1000.00"));

        var answers = await Task.WhenAll(Enumerable.Range(0, 200).Select(i =>
            i % 2 == 0 ? teller.TransferAsync(a, b, "1.00") : teller.TransferAsync(b, a, "2.00")));

        Assert.All(answers, answer => Assert.Equal(201, answer.StatusCode));
        Assert.Equal("1100.00", await teller.BalanceAsync(a));
        Assert.Equal("900.00", await teller.BalanceAsync(b));
    }

    [Fact]
    public async Task Opposite_transfers_through_two_hosts_never_deadlock_and_conserve_the_money()
    {
        await using var other = await bank.StartAnotherAsync();
        BankClient[] tellers = [bank.As("teller"), BankFixture.On(other, "teller")];
        var (a, b) = (await tellers[0].OpenAsync(balance: "1000.00"), await tellers[0].OpenAsync(balance: "1000.00"));

        var answers = await Task.WhenAll(Enumerable.Range(0, 200).Select(i =>
            i / 2 % 2 == 0 ? tellers[i % 2].TransferAsync(a, b, "1.00") : tellers[i % 2].TransferAsync(b, a, "1.00")));

        Assert.All(answers, answer => Assert.Equal(201, answer.StatusCode));
        var sum = new[] { a, b }.Select(async id => decimal.Parse(await tellers[1].BalanceAsync(id), CultureInfo.InvariantCulture));
        Assert.Equal(2000.00m, (await Task.WhenAll(sum)).Sum());
    }

    [Fact]
    public async Task The_same_key_sent_many_times_at_once_moves_the_money_once()
    {
        await using var other = await bank.StartAnotherAsync();
        BankClient[] tellers = [bank.As("teller"), BankFixture.On(other, "teller")];
        var account = await tellers[0].OpenAsync();
        var key = ("Idempotency-Key", BankClient.NewKey());

        var answers = await Task.WhenAll(Enumerable.Range(0, 40).Select(i => tellers[i % 2].DepositAsync(account, "5.00", "EUR", key)));

        Assert.All(answers, a => Assert.True(a.StatusCode == 201 || a is { StatusCode: 409, Code: "request_in_progress" }, a.Body));
        Assert.Single(answers.Where(a => a.StatusCode == 201).Select(a => a.Body).Distinct());
        Assert.Equal("5.00", await tellers[0].BalanceAsync(account));
    }
}
