using Banking.Accounts.Domain;
using Banking.Commands.Decisions;
using Banking.Commands.Groups;
using Banking.Commands.Receipts;
using Banking.EventStore.Callers;
using Banking.SharedKernel;
using Banking.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Banking.Accounts.Tests;

/// <summary>
/// Groups run in parallel on this host and on other hosts: a command waits only for commands that need the same account.
/// </summary>
public sealed class SideBySideTests(BankFixture bank) : IClassFixture<BankFixture>
{
    private readonly BusCommands _here = new(bank.Host.Services);
    private readonly BankClient _teller = bank.As("teller");

    [Fact]
    public async Task While_an_account_is_locked_commands_on_other_accounts_are_decided()
    {
        var (stuck, wanted, free) = (await _teller.OpenAsync(), await _teller.OpenAsync(), await _teller.OpenAsync());
        Task<CommandReply> first, second, third;
        await using (var held = await HeldLock.OfAccountAsync(bank.ConnectionString, stuck))
        {
            first = _here.DepositAsync(stuck, 1);
            await held.UntilWaitedForAsync();
            second = _here.TransferAsync(stuck, wanted, 1);
            // Must not overtake the transfer to the same account.
            third = _here.DepositAsync(wanted, 1);

            Assert.Equal(201, (await _here.DepositAsync(free, 1)).Status);
            Assert.False(first.IsCompleted || second.IsCompleted || third.IsCompleted);
        }

        Assert.Equal(
            [(201, 2L), (201, 3L), (201, 3L)], (await Task.WhenAll(first, second, third)).Select(o => (o.Status, o.Version!.Value)));
        Assert.Equal(
            ("0.00", "0.02", "0.01"),
            (await _teller.BalanceAsync(stuck), await _teller.BalanceAsync(wanted), await _teller.BalanceAsync(free)));
    }

    [Fact]
    public async Task A_command_on_an_account_locked_by_another_host_is_deferred_and_the_rest_of_its_group_continues()
    {
        await using var other = await bank.StartAnotherAsync();
        var (stuck, free) = (await _teller.OpenAsync(), await _teller.OpenAsync());
        var transaction = bank.Host.Services.GetRequiredService<GroupTransaction<Account>>();
        await ContendAsync(new(other.Services));
        Assert.True(transaction.IsContended);
        await using (await HeldLock.OfAccountAsync(bank.ConnectionString, stuck))
        {
            var outcomes = await transaction.RunAsync(
                [
                    [On(stuck)],
                    [On(free)],
                    [On(free, stuck)],
                    [On(Unknown)],
                    [On(free)],
                ],
                new HashSet<Guid>());

            // The last command does not overtake the third.
            Assert.Equal([null, "seen", null, "seen", null], outcomes.Select(Code));
            Assert.True(transaction.IsContended);
        }
    }

    [Fact]
    public async Task After_the_maximum_deferrals_a_command_waits_for_the_lock()
    {
        await using var other = await bank.StartAnotherAsync();
        var (stuck, free) = (await _teller.OpenAsync(), await _teller.OpenAsync());
        var transaction = bank.Host.Services.GetRequiredService<GroupTransaction<Account>>();
        await ContendAsync(new(other.Services));
        Task<IReadOnlyList<IReadOnlyList<Outcome>?>> waiting;
        await using (var held = await HeldLock.OfAccountAsync(bank.ConnectionString, stuck))
        {
            waiting = transaction.RunAsync([[On(stuck)], [On(free)]], new HashSet<Guid> { Stored.Id(stuck) });
            await held.UntilWaitedForAsync();
        }

        Assert.Equal(["seen", "seen"], (await waiting).Select(Code));
    }

    [Fact]
    public async Task Concurrent_commands_of_two_hosts_on_one_account_are_all_executed()
    {
        await using var other = await bank.StartAnotherAsync();
        var account = await _teller.OpenAsync();
        BusCommands[] hosts = [_here, new(other.Services)];

        var deposits = await Task.WhenAll(Enumerable.Range(0, 20).Select(async caller =>
        {
            var outcomes = new List<CommandReply>();
            for (var i = 0; i < 20; i++)
            {
                outcomes.Add(await hosts[caller % 2].DepositAsync(account, 1));
            }

            return outcomes;
        }));

        Assert.All(deposits.SelectMany(d => d), o => Assert.Equal(201, o.Status));
        Assert.Equal("4.00", await _teller.BalanceAsync(account));
        Assert.Equal(Enumerable.Range(2, 400).Select(v => (long?)v), deposits.SelectMany(d => d).Select(o => o.Version).Order());
    }

    private static string Unknown => PublicId.Format("acc", Guid.CreateVersion7());

    /// <summary>Makes this host see that another host has written an account after it.</summary>
    private async Task ContendAsync(BusCommands there)
    {
        var account = await _teller.OpenAsync();
        Assert.Equal(201, (await there.DepositAsync(account, 1)).Status);
        Assert.Equal(201, (await _here.DepositAsync(account, 1)).Status);
    }

    /// <summary>A command on these accounts that is rejected with the code "seen".</summary>
    private static Submission<Account> On(params string[] accounts) =>
        new(
            new(new("service:test", Roles.Service, null, Channels.Bus), "look", BankClient.NewKey(), "00", "correlation", null),
            [.. accounts.Select(Stored.Id)],
            _ => null,
            (_, _) => new Decision.Rejected(Refusal.RuleBroken("seen", "The command was decided.")),
            (_, _, _) => throw new InvalidOperationException());

    private static string? Code(IReadOnlyList<Outcome>? outcomes) =>
        outcomes is null ? null : Assert.IsType<Outcome.NotRecorded>(outcomes[0]).Refusal.Code;
}
