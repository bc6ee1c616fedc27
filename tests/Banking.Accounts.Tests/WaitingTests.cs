using Banking.Accounts.Domain;
using Banking.Commands.Groups;
using Banking.Commands.Receipts;
using Banking.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Banking.Accounts.Tests;

/// <summary>Commands that wait in the queue while a group runs: cancellation, overload and shutdown.</summary>
public sealed class WaitingTests(BankFixture bank) : IClassFixture<BankFixture>
{
    private readonly BankClient _teller = bank.As("teller");
    private readonly BusCommands _bus = new(bank.Host.Services);

    [Fact]
    public async Task A_command_whose_caller_disconnects_is_executed_and_a_repeat_gets_its_answer()
    {
        var account = await _teller.OpenAsync();
        var key = ("Idempotency-Key", BankClient.NewKey());
        using var http = bank.Host.Server.CreateClient();
        var cancelled = new BankClient(http, bank.Token("teller"));
        await using (var held = await HeldLock.OfAccountAsync(bank.ConnectionString, account))
        {
            var deposit = cancelled.DepositAsync(account, "5.00", "EUR", key);
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
    public async Task Cancelling_a_call_cancels_neither_its_command_nor_others()
    {
        var account = await _teller.OpenAsync();
        var key = BankClient.NewKey();
        using var cancellation = new CancellationTokenSource();
        Task<CommandReply>[] neighbours;
        await using (var held = await HeldLock.OfAccountAsync(bank.ConnectionString, account))
        {
            var first = _bus.DepositAsync(account, 1_00);
            await held.UntilWaitedForAsync();
            var before = _bus.DepositAsync(account, 2_00);
            var cancelled = _bus.DepositAsync(account, 4_00, key, cancellation.Token);
            neighbours = [first, before, _bus.DepositAsync(account, 8_00)];
            await cancellation.CancelAsync();
            await Assert.ThrowsAsync<CommandPostponedException>(() => cancelled);
        }

        Assert.Equal([(201, 2L), (201, 3L), (201, 5L)], (await Task.WhenAll(neighbours)).Select(n => (n.Status, n.Version!.Value)));
        var again = await _bus.DepositAsync(account, 4_00, key);
        Assert.Equal((201, 4L, true), (again.Status, again.Version, again.Replayed));
        Assert.Equal("15.00", await _teller.BalanceAsync(account));
    }

    [Fact]
    public async Task A_full_queue_answers_overloaded_and_the_waiting_commands_are_executed_in_order()
    {
        var account = await _teller.OpenAsync();
        var key = ("Idempotency-Key", BankClient.NewKey());
        var waiting = new List<Task<CommandReply>>();
        await using (var held = await HeldLock.OfAccountAsync(bank.ConnectionString, account))
        {
            waiting.Add(_bus.DepositAsync(account, 1));
            await held.UntilWaitedForAsync();
            var next = _bus.DepositAsync(account, 1);
            while (!next.IsCompleted)
            {
                waiting.Add(next);
                next = _bus.DepositAsync(account, 1);
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
    public async Task A_stopping_host_decides_the_waiting_commands_and_accepts_no_more()
    {
        await using var other = await bank.StartAnotherAsync();
        var bus = new BusCommands(other.Services);
        var account = await _teller.OpenAsync(balance: "1.00");
        var waiting = new List<Task<CommandReply>>();
        Task stopping;
        await using (var held = await HeldLock.OfAccountAsync(bank.ConnectionString, account))
        {
            waiting.Add(bus.WithdrawAsync(account, 1_00));
            await held.UntilWaitedForAsync();
            waiting.AddRange(
                Enumerable.Range(0, 600).Select(i => i % 2 == 0 ? bus.DepositAsync(account, 1_00) : bus.WithdrawAsync(account, 1_00)));
            stopping = other.Services.GetRequiredService<CommandGroup<Account>>().StopAsync(CancellationToken.None);
            await Assert.ThrowsAsync<CommandPostponedException>(() => bus.DepositAsync(account, 1_00));
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
