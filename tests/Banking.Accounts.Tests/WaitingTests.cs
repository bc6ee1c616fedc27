using Banking.Accounts.Domain;
using Banking.Platform.Commands;
using Banking.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Banking.Accounts.Tests;

/// <summary>While one group is under way the next commands wait: whoever leaves meanwhile, and however many come.</summary>
public sealed class WaitingTests(BankFixture bank) : IClassFixture<BankFixture>
{
    private readonly BankClient _teller = bank.As("teller");
    private readonly BusDoor _door = new(bank.Host.Services);

    [Fact]
    public async Task A_caller_who_hangs_up_does_not_stop_the_command_and_finds_its_answer_by_the_key()
    {
        var account = await _teller.OpenAsync();
        var key = ("Idempotency-Key", BankClient.NewKey());
        using var http = bank.Host.Server.CreateClient();
        var impatient = new BankClient(http, bank.Token("teller"));
        await using (var held = await HeldLock.OfAccountAsync(bank.ConnectionString, account))
        {
            var deposit = impatient.DepositAsync(account, "5.00", "EUR", key);
            await held.UntilWaitedForAsync();
            http.CancelPendingRequests();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => deposit);
            var early = await _teller.DepositAsync(account, "5.00", "EUR", key);
            Assert.Equal((409, "request_in_progress", "1"), (early.StatusCode, early.Code, early.Header("Retry-After")));
        }

        Answer again;
        do
        {
            again = await _teller.DepositAsync(account, "5.00", "EUR", key);
        }
        while (again is { StatusCode: 409, Code: "request_in_progress" });

        Assert.Equal((201, "true", "\"2\""), (again.StatusCode, again.Header("Idempotency-Replayed"), again.Header("ETag")));
        Assert.Equal("5.00", await _teller.BalanceAsync(account));
    }

    [Fact]
    public async Task A_caller_who_gives_up_costs_neither_its_own_command_nor_its_neighbours()
    {
        var account = await _teller.OpenAsync();
        var key = BankClient.NewKey();
        using var patience = new CancellationTokenSource();
        Task<Outcome>[] neighbours;
        await using (var held = await HeldLock.OfAccountAsync(bank.ConnectionString, account))
        {
            var first = _door.DepositAsync(account, 1_00);
            await held.UntilWaitedForAsync();
            var before = _door.DepositAsync(account, 2_00);
            var impatient = _door.DepositAsync(account, 4_00, key, patience.Token);
            neighbours = [first, before, _door.DepositAsync(account, 8_00)];
            await patience.CancelAsync();
            await Assert.ThrowsAsync<CommandPostponedException>(() => impatient);
        }

        Assert.Equal([(201, 2L), (201, 3L), (201, 5L)], (await Task.WhenAll(neighbours)).Select(n => (n.Status, n.Version!.Value)));
        var again = await _door.DepositAsync(account, 4_00, key);
        Assert.Equal((201, 4L, true), (again.Status, again.Version, again.Replayed));
        Assert.Equal("15.00", await _teller.BalanceAsync(account));
    }

    [Fact]
    public async Task When_too_many_wait_the_next_is_told_to_come_back_and_those_who_wait_are_served_in_order()
    {
        var account = await _teller.OpenAsync();
        var key = ("Idempotency-Key", BankClient.NewKey());
        var waiting = new List<Task<Outcome>>();
        await using (var held = await HeldLock.OfAccountAsync(bank.ConnectionString, account))
        {
            waiting.Add(_door.DepositAsync(account, 1));
            await held.UntilWaitedForAsync();
            var next = _door.DepositAsync(account, 1);
            while (!next.IsCompleted)
            {
                waiting.Add(next);
                next = _door.DepositAsync(account, 1);
            }

            var turnedAway = await _teller.DepositAsync(account, "0.01", "EUR", key);

            Assert.Equal("overloaded", (await Assert.ThrowsAsync<CommandPostponedException>(() => next)).Code);
            Assert.Equal((503, "overloaded", "1"), (turnedAway.StatusCode, turnedAway.Code, turnedAway.Header("Retry-After")));
            Assert.Equal("false", turnedAway.Text("applied"));
        }

        var served = await Task.WhenAll(waiting);
        Assert.Equal(Enumerable.Range(2, waiting.Count).Select(v => (201, (long)v)), served.Select(s => (s.Status, s.Version!.Value)));
        Assert.Equal(waiting.Count + 1, await EventsAsync(account));
        var again = (await _teller.DepositAsync(account, "0.01", "EUR", key)).Created();
        Assert.Equal((null, waiting.Count + 2), (again.Header("Idempotency-Replayed"), await EventsAsync(account)));
    }

    [Fact]
    public async Task A_host_that_stops_decides_what_waits_and_lets_no_more_in()
    {
        await using var other = await bank.StartAnotherAsync();
        var door = new BusDoor(other.Services);
        var account = await _teller.OpenAsync(balance: "1.00");
        var waiting = new List<Task<Outcome>>();
        Task stopping;
        await using (var held = await HeldLock.OfAccountAsync(bank.ConnectionString, account))
        {
            waiting.Add(door.WithdrawAsync(account, 1_00));
            await held.UntilWaitedForAsync();
            waiting.AddRange(
                Enumerable.Range(0, 600).Select(i => i % 2 == 0 ? door.DepositAsync(account, 1_00) : door.WithdrawAsync(account, 1_00)));
            stopping = other.Services.GetRequiredService<CommandGroup<Account>>().StopAsync(CancellationToken.None);
            await Assert.ThrowsAsync<CommandPostponedException>(() => door.DepositAsync(account, 1_00));
            Assert.False(stopping.IsCompleted);
        }

        await stopping;
        Assert.All(await Task.WhenAll(waiting), w => Assert.Equal(201, w.Status));
        Assert.Equal(2 + waiting.Count, await EventsAsync(account));
        Assert.Equal("0.00", await _teller.BalanceAsync(account));
    }

    private async Task<long> EventsAsync(string account) =>
        (await bank.QueryAsync<long>("select count(*) from bank.mt_events where stream_id = $1", Stored.Id(account)))[0];
}
