using Banking.Accounts.Contracts;
using Banking.Accounts.Domain;
using Banking.Accounts.Features;
using Banking.EventStore.Streams;
using Banking.Testing;
using JasperFx.Events;
using Microsoft.Extensions.DependencyInjection;

namespace Banking.Accounts.Tests;

/// <summary>Concurrent backdated commands on one account: at no instant may the balance be below the limit of that instant.</summary>
public sealed class BackdatedRaceTests(BankFixture bank) : IClassFixture<BankFixture>
{
    private readonly BankClient _teller = bank.As("teller");

    [Fact]
    public async Task Two_hosts_accept_only_as_many_backdated_withdrawals_as_the_balance_of_that_time_allows()
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
        await AssertNeverOverdrawnAsync(account);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Concurrent_random_commands_overdraw_no_account_at_any_instant(int seed)
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
            outcomes.AddRange(await Task.WhenAll(Enumerable.Range(0, 10).Select(i => SendAnyAsync(tellers[i % 2], accounts, random))));
        }

        Assert.All(outcomes, a => Assert.True(a.StatusCode is 200 or 201 or 422, a.Body));
        Assert.Contains(outcomes, a => a.StatusCode == 422 && a.Body.Contains("lowestAt", StringComparison.Ordinal));
        Assert.Contains(outcomes, a => a.StatusCode == 201);
        foreach (var account in accounts)
        {
            await AssertNeverOverdrawnAsync(account);
        }
    }

    [Fact]
    public async Task The_timeline_of_an_account_is_not_stored_with_its_state()
    {
        var account = await _teller.OpenAsync(balance: "10.00");
        (await WithdrawAsync(_teller, account, "1.00", bank.Clock.Now)).Created();
        bank.Clock.Advance(TimeSpan.FromDays(2));
        (await WithdrawAsync(_teller, account, "1.00", bank.Clock.Now.AddDays(-1))).Created();
        (await _teller.WithdrawAsync(account, "1.00")).Created();

        Assert.Equal("7.00", await _teller.BalanceAsync(account));
        Assert.Equal([0L], await bank.QueryAsync<long>("select count(*) from accounts.mt_doc_account where data ? 'timeline'"));
    }

    [Theory]
    [InlineData(100)]
    [InlineData(50)]
    public async Task Timelines_read_ahead_are_not_read_again_under_the_locks_though_the_cache_is_too_small_for_them(int maxSteps)
    {
        Guid[] accounts = [await MovedAsync(80), await MovedAsync(80)];
        var timelines = new AccountTimelineSource(
            bank.Host.Services.GetRequiredService<StreamTimeline>(), bank.Database, bank.Store, maxSteps);
        var attached = new List<AccountTimeline>();

        using (await timelines.ReadAheadAsync(accounts, DateTimeOffset.MinValue, CancellationToken.None))
        {
            await using var connection = await bank.Database.OpenConnectionAsync();
            await using var transaction = await connection.BeginTransactionAsync();
            await using var session = bank.Store.QuerySession();
            foreach (var account in accounts.Concat(accounts))
            {
                var state = await session.LoadAsync<Account>(account);
                attached.Add((await timelines.AttachAsync(transaction, state!, DateTimeOffset.MinValue)).Timeline!);
            }
        }

        Assert.All(attached, t => Assert.Equal(81, t.Count));
        // A timeline that is read again is another object.
        Assert.Same(attached[0], attached[2]);
        Assert.Same(attached[1], attached[3]);
    }

    private async Task<Guid> MovedAsync(int movements)
    {
        var account = await _teller.OpenAsync();
        var answers = await Task.WhenAll(Enumerable.Range(0, movements).Select(_ => _teller.DepositAsync(account, "1.00")));
        Assert.All(answers, a => Assert.Equal(201, a.StatusCode));
        return Stored.Id(account);
    }

    private Task<Answer> SendAnyAsync(BankClient teller, string[] accounts, Random random)
    {
        var (accountId, to) = (accounts[random.Next(3)], accounts[random.Next(3)]);
        var amount = new { value = $"{random.Next(1, 25)}.00", currency = "EUR" };
        var effectiveAt = random.Next(4) == 0 ? (DateTimeOffset?)null : bank.Clock.Now.AddDays(-random.Next(0, 20));
        const string reason = "random";
        return random.Next(7) switch
        {
            0 => teller.PostAsync(
                $"/v1/accounts/{accountId}/overdraft-limit", new { limit = $"{random.Next(0, 30)}.00", reasonCode = "wish", reason }),
            1 => teller.PostAsync("/v1/deposits", new { accountId, amount, effectiveAt, reason }),
            2 or 3 => teller.PostAsync(
                "/v1/transfers", new { fromAccountId = accountId, toAccountId = to, amount, effectiveAt, reason }),
            _ => teller.PostAsync("/v1/withdrawals", new { accountId, amount, effectiveAt, reason }),
        };
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

    /// <summary>Checks with the events alone: after each event, at every instant, the available amount is not negative.</summary>
    private async Task AssertNeverOverdrawnAsync(string account)
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
