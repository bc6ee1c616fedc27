using Banking.Accounts.Contracts;
using Banking.Accounts.Domain;
using Banking.Testing;
using JasperFx.Events;

namespace Banking.Accounts.Tests;

/// <summary>Backdated commands that meet on one account, by the log: at no instant may it be below what it was allowed then.</summary>
public sealed class BackdatedRaceTests(BankFixture bank) : IClassFixture<BankFixture>
{
    private readonly BankClient _teller = bank.As("teller");

    [Fact]
    public async Task Of_many_that_take_from_one_instant_on_two_hosts_as_many_are_accepted_as_it_held_then()
    {
        await using var other = await bank.StartAnotherAsync();
        BankClient[] tellers = [_teller, BankFixture.On(other, "teller")];
        var opened = bank.Clock.Now.AddDays(-10);
        var account = await _teller.OpenAsync(overdraftLimit: "7.50", effectiveAt: opened);
        (await _teller.DepositAsync(account, "1000.00")).Created();

        var answers = await Task.WhenAll(Enumerable.Range(0, 40).Select(i => i % 4 == 3
            ? tellers[i % 2].WithdrawAsync(account, "1.00")
            : WithdrawAsync(tellers[i % 2], account, "1.00", opened.AddDays(i % 7))));

        var then = answers.Where((_, i) => i % 4 != 3).ToList();
        Assert.Equal(7, then.Count(a => a.StatusCode == 201));
        Assert.All(then.Where(a => a.StatusCode != 201), a => Assert.Equal((422, "insufficient_funds"), (a.StatusCode, a.Code)));
        Assert.All(answers.Where((_, i) => i % 4 == 3), a => Assert.Equal(201, a.StatusCode));
        await HoldsAsync(account);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Whatever_comes_at_once_no_instant_of_any_account_is_overdrawn(int seed)
    {
        await using var other = await bank.StartAnotherAsync();
        BankClient[] tellers = [_teller, BankFixture.On(other, "teller")];
        var opened = bank.Clock.Now.AddDays(-20);
        var accounts = await Task.WhenAll(
            Enumerable.Range(0, 3).Select(_ => _teller.OpenAsync(overdraftLimit: "20.00", effectiveAt: opened)));
        var random = new Random(seed);
        var outcomes = new List<Answer>();
        for (var round = 0; round < 12; round++)
        {
            bank.Clock.Advance(TimeSpan.FromHours(random.Next(1, 20)));
            outcomes.AddRange(
                await Task.WhenAll(
                    Enumerable
                        .Range(0, 10)
                        .Select(i =>
                        {
                            var (account, to) = (accounts[random.Next(3)], accounts[random.Next(3)]);
                            var amount = new { value = $"{random.Next(1, 25)}.00", currency = "EUR" };
                            var effectiveAt = random.Next(4) == 0 ? (DateTimeOffset?)null : bank.Clock.Now.AddDays(-random.Next(0, 20));
                            return (
                                random.Next(7) switch
                                {
                                    0 => tellers[i % 2]
                                        .PostAsync(
                                            $"/v1/accounts/{account}/overdraft-limit",
                                            new
                                            {
                                                limit = $"{random.Next(0, 30)}.00",
                                                reasonCode = "wish",
                                                reason = "A wish.",
                                            }),
                                    1 => tellers[i % 2]
                                        .PostAsync(
                                            "/v1/deposits",
                                            new
                                            {
                                                accountId = account,
                                                amount,
                                                effectiveAt,
                                                reason = "random",
                                            }),
                                    2 or 3 => tellers[i % 2]
                                        .PostAsync(
                                            "/v1/transfers",
                                            new
                                            {
                                                fromAccountId = account,
                                                toAccountId = to,
                                                amount,
                                                effectiveAt,
                                                reason = "random",
                                            }),
                                    _ => tellers[i % 2]
                                        .PostAsync(
                                            "/v1/withdrawals",
                                            new
                                            {
                                                accountId = account,
                                                amount,
                                                effectiveAt,
                                                reason = "random",
                                            }),
                                });
                        })));
        }

        Assert.All(outcomes, a => Assert.True(a.StatusCode is 200 or 201 or 422, a.Body));
        Assert.Contains(outcomes, a => a.StatusCode == 422 && a.Body.Contains("lowestAt", StringComparison.Ordinal));
        Assert.Contains(outcomes, a => a.StatusCode == 201);
        foreach (var account in accounts)
        {
            await HoldsAsync(account);
        }
    }

    [Fact]
    public async Task An_account_that_is_remembered_with_its_past_is_stored_without_it_and_moves_on()
    {
        var account = await _teller.OpenAsync(balance: "10.00");
        (await WithdrawAsync(_teller, account, "1.00", bank.Clock.Now)).Created();
        bank.Clock.Advance(TimeSpan.FromDays(2));
        (await WithdrawAsync(_teller, account, "1.00", bank.Clock.Now.AddDays(-1))).Created();
        (await _teller.WithdrawAsync(account, "1.00")).Created();

        Assert.Equal("7.00", await _teller.BalanceAsync(account));
        Assert.Equal([0L], await bank.QueryAsync<long>("select count(*) from accounts.mt_doc_account where data ? 'past'"));
    }

    private static Task<Answer> WithdrawAsync(BankClient teller, string account, string value, DateTimeOffset effectiveAt) =>
        teller.PostAsync(
            "/v1/withdrawals",
            new
            {
                accountId = account,
                amount = new { value, currency = "EUR" },
                effectiveAt,
                reason = "late",
            });

    /// <summary>By the events alone: after every one of them, at every instant, the balance is not below what was allowed.</summary>
    private async Task HoldsAsync(string account)
    {
        await using var session = bank.Store.QuerySession();
        IReadOnlyList<IEvent> events = await session.Events.FetchStreamAsync(Stored.Id(account));
        for (var known = 1; known <= events.Count; known++)
        {
            foreach (var at in events.Take(known).Select(e => ((IAccountEvent)e.Data).EffectiveAt).Distinct())
            {
                var then = BalanceAt.Fold(events.Take(known), AccountSpec.Eur(0).Currency, at, DateTimeOffset.MaxValue);
                Assert.True(then.Available.Minor >= 0, $"{account} has {then.Available} at {at:O} after {known} events.");
            }
        }
    }
}
