using Banking.Testing;

namespace Banking.Accounts.Tests;

/// <summary>Two hosts that write to the same accounts take turns.</summary>
public sealed class TurnTests(BankFixture bank) : IClassFixture<BankFixture>, IAsyncLifetime
{
    private readonly BusDoor _here = new(bank.Host.Services);
    private string _account = "";
    private Alba.IAlbaHost _other = null!;

    /// <summary>An account that this host has just found to be moved by the other.</summary>
    public async ValueTask InitializeAsync()
    {
        _other = await bank.StartAnotherAsync();
        _account = await bank.As("teller").OpenAsync(balance: "1.00");
        (await BankFixture.On(_other, "teller").DepositAsync(_account, "1.00")).Created();
        Assert.Equal(201, (await _here.DepositAsync(_account, 1_00)).Status);
    }

    public ValueTask DisposeAsync() => _other.DisposeAsync();

    [Fact]
    public async Task Whoever_comes_while_a_group_waits_for_its_turn_goes_with_it()
    {
        Task<Platform.Commands.Outcome>[] deposits;
        await using (var turn = await HeldLock.OfTurnAsync(bank.ConnectionString))
        {
            var first = _here.DepositAsync(_account, 1);
            await turn.UntilWaitedForAsync();
            deposits = [first, .. Enumerable.Range(0, 5).Select(_ => _here.DepositAsync(_account, 1))];
        }

        Assert.All(await Task.WhenAll(deposits), d => Assert.Equal(201, d.Status));
        Assert.Equal(
            ["6 events in 1 transactions"],
            await bank.QueryAsync<string>(
                "select count(*) || ' events in ' || count(distinct xmin::text) || ' transactions' from bank.mt_events where stream_id = $1 and version > 4",
                Stored.Id(_account)));
    }

    [Fact]
    public async Task A_turn_that_is_not_given_back_is_not_waited_for_for_long()
    {
        await using var turn = await HeldLock.OfTurnAsync(bank.ConnectionString);

        var deposit = _here.DepositAsync(_account, 1);
        await turn.UntilWaitedForAsync();

        Assert.Equal((201, 5L), ((await deposit).Status, (await deposit).Version));
    }

    [Fact]
    public async Task A_host_that_meets_no_other_on_its_accounts_waits_for_no_turn()
    {
        // What it wrote last itself.
        Assert.Equal(201, (await _here.DepositAsync(_account, 1)).Status);
        await using var turn = await HeldLock.OfTurnAsync(bank.ConnectionString);

        var deposit = _here.DepositAsync(_account, 1);
        while (!deposit.IsCompleted)
        {
            Assert.False(await turn.IsWaitedForAsync());
        }

        Assert.Equal(201, (await deposit).Status);
    }
}
