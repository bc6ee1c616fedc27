using System.Text.Json;
using Banking.Accounts.Domain;
using Banking.Commands.Groups;
using Banking.Commands.Receipts;
using Banking.EventStore.Callers;
using Banking.SharedKernel;
using Banking.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Banking.Accounts.Tests;

/// <summary>Commands of one group transaction: each gets the answer that it would get alone.</summary>
public sealed class GroupTests(BankFixture bank) : IClassFixture<BankFixture>
{
    private readonly BankClient _teller = bank.As("teller");
    private readonly BusCommands _bus = new(bank.Host.Services);

    [Fact]
    public async Task A_refused_command_does_not_affect_the_others_of_its_group()
    {
        var account = await _teller.OpenAsync(balance: "100.00");
        var unknown = PublicId.Format("acc", AccountSpec.Id);

        var sent = await TogetherAsync(() =>
            [
                _bus.WithdrawAsync(account, 60_00),
                _bus.WithdrawAsync(account, 50_00),
                _bus.DepositAsync(unknown, 1_00),
                _bus.DepositAsync(account, 20_00),
                _bus.TransferAsync(account, unknown, 1_00),
                _bus.WithdrawAsync(account, 60_00),
                _bus.WithdrawAsync(account, 1),
            ]);

        Assert.Equal(
            ["201", "422", "account_not_found", "201", "account_not_found", "201", "422"], await Task.WhenAll(sent.Select(AnswerAsync)));
        var (first, second, third) = (await sent[0], await sent[3], await sent[5]);
        Assert.Equal((3L, 4L, 5L), (first.Version, second.Version, third.Version));
        // The refusals take the positions between the deposits.
        Assert.Equal((first.Position + 2, first.Position + 3), (second.Position, third.Position));
        Assert.Equal("0.00", await _teller.BalanceAsync(account));
        Assert.Equal([("40.00", 3), ("0.00", 5)], await RefusalsAsync(account));

        // All in one transaction that contains nothing else.
        var transaction = Assert.Single(
            await bank.QueryAsync<string>(
                "select distinct xmin::text from bank.mt_events where stream_id = $1 and version > 2", Stored.Id(account)));
        Assert.Equal(
            (5, 5, 2),
            (await StoredInAsync("bank.mt_events"), await StoredInAsync("platform.receipt"), await StoredInAsync("platform.mt_doc_refusal"))
        );

        async Task<long> StoredInAsync(string table) =>
            (await bank.QueryAsync<long>($"select count(*) from {table} where xmin::text = $1", transaction))[0];
    }

    [Fact]
    public async Task A_group_of_refused_commands_stores_the_refusals_and_changes_no_account()
    {
        var (account, other) = (await _teller.OpenAsync(balance: "5.00"), await _teller.OpenAsync());

        var sent = await TogetherAsync(() =>
            [_bus.WithdrawAsync(account, 6_00), _bus.TransferAsync(other, account, 1_00), _bus.WithdrawAsync(account, 7_00)]);

        Assert.All(await Task.WhenAll(sent), no => Assert.Equal((422, null, null), (no.Status, no.Version, no.Position)));
        Assert.Equal([("5.00", 2), ("5.00", 2)], await RefusalsAsync(account));
        var ids = new[] { Stored.Id(account), Stored.Id(other) };
        Assert.Equal(
            ["accounts.withdraw-money.v1 1", "accounts.transfer-money.v1 1", "accounts.withdraw-money.v1 1"],
            await bank.QueryAsync<string>(
                "select concat_ws(' ', e.data ->> 'operation', s.version) "
                    + "from bank.mt_events e join bank.mt_streams s on s.id = e.stream_id "
                    + "where (e.data ->> 'subject')::uuid = any($1) and s.type = 'refusal' and e.xmin = s.xmin order by e.seq_id",
                ids));
        Assert.Equal(
            [2L, 1L], await bank.QueryAsync<long>("select version from bank.mt_streams where id = any($1) order by version desc", ids));
        Assert.Equal("6.00", (await _bus.DepositAsync(account, 1_00)).Status == 201 ? await _teller.BalanceAsync(account) : "");
    }

    [Fact]
    public async Task A_key_that_occurs_twice_in_a_group_is_decided_once_and_answered_the_same()
    {
        var account = await _teller.OpenAsync();
        var (deposit, withdrawal) = (BankClient.NewKey(), BankClient.NewKey());

        var sent = await TogetherAsync(() =>
        [
            _bus.DepositAsync(account, 5_00, deposit),
            _bus.WithdrawAsync(account, 9_00, withdrawal),
            _bus.DepositAsync(account, 5_00, deposit),
            _bus.DepositAsync(account, 6_00, deposit),
            _bus.DepositAsync(account, 7_00),
            _bus.WithdrawAsync(account, 9_00, withdrawal),
        ]);

        Assert.Equal(["201", "422", "201", "idempotency_key_reused", "201", "422"], await Task.WhenAll(sent.Select(AnswerAsync)));
        foreach (var (original, repeat) in new[] { (await sent[0], await sent[2]), (await sent[1], await sent[5]) })
        {
            Assert.Equal((false, true), (original.Replayed, repeat.Replayed));
            Assert.Equal(original, repeat with { Replayed = false });
        }

        Assert.Equal(2, (await sent[0]).Version);
        Assert.NotNull((await sent[0]).Position);
        Assert.Equal("12.00", await _teller.BalanceAsync(account));
        Assert.Single(await RefusalsAsync(account));
    }

    [Fact]
    public async Task A_rejected_command_leaves_its_key_to_the_next_command()
    {
        var account = await _teller.OpenAsync();
        var key = BankClient.NewKey();

        var sent = await TogetherAsync(() =>
            [_bus.DepositAsync(PublicId.Format("acc", AccountSpec.Id), 5_00, key), _bus.DepositAsync(account, 5_00, key)]);

        Assert.Equal(["account_not_found", "201"], await Task.WhenAll(sent.Select(AnswerAsync)));
        Assert.False((await sent[1]).Replayed);
    }

    [Fact]
    public async Task A_command_whose_decision_throws_does_not_affect_the_others_of_its_group()
    {
        var account = await _teller.OpenAsync();
        var group = bank.Host.Services.GetRequiredService<CommandGroup<Account>>();
        var unfit = new Submission<Account>(
            new(new("service:test", Roles.Service, null, Channels.Bus), "unfit", BankClient.NewKey(), "00", "correlation", null),
            [Stored.Id(account)],
            _ => null,
            (_, _) => throw new InvalidOperationException("A mistake in a decision."),
            (_, _, _) => throw new InvalidOperationException());

        var sent = await TogetherAsync(() =>
            [
                _bus.DepositAsync(account, 1_00),
                ReplyAsync(group.SubmitAsync(unfit, CancellationToken.None)),
                _bus.DepositAsync(account, 2_00),
                _bus.WithdrawAsync(account, 9_00),
            ]);

        Assert.Equal(["201", "500", "201", "422"], await Task.WhenAll(sent.Select(AnswerAsync)));
        Assert.Equal("internal_error", JsonDocument.Parse((await sent[1]).Body).RootElement.GetProperty("code").GetString());
        Assert.DoesNotContain("mistake", (await sent[1]).Body, StringComparison.Ordinal);
        Assert.Equal("3.00", await _teller.BalanceAsync(account));
        Assert.Equal([("3.00", 3)], await RefusalsAsync(account));
    }

    [Fact]
    public async Task A_locked_account_delays_only_the_commands_that_need_it()
    {
        var (stuck, account) = (await _teller.OpenAsync(), await _teller.OpenAsync());
        var key = BankClient.NewKey();
        Task<CommandReply>[] sent;
        await using (await HeldLock.OfAccountAsync(bank.ConnectionString, stuck))
        {
            sent = await TogetherAsync(() =>
                [
                    _bus.DepositAsync(account, 1_00),
                    _bus.DepositAsync(stuck, 2_00, key),
                    _bus.DepositAsync(stuck, 3_00),
                    _bus.DepositAsync(account, 4_00),
                ]);
            Assert.Equal(
                ["201", "temporarily_unavailable", "temporarily_unavailable", "201"], await Task.WhenAll(sent.Select(AnswerAsync)));
        }

        Assert.Equal(("5.00", "0.00"), (await _teller.BalanceAsync(account), await _teller.BalanceAsync(stuck)));
        Assert.False((await _bus.DepositAsync(stuck, 2_00, key)).Replayed);
    }

    /// <summary>Makes the commands one group: blocked groups occupy all slots until every command is in the queue.</summary>
    private async Task<Task<CommandReply>[]> TogetherAsync(Func<Task<CommandReply>[]> send)
    {
        var held = new List<HeldLock>();
        var first = new List<Task<CommandReply>>();
        for (var i = 0; i < GroupLimits.MaxRunning; i++)
        {
            var blocked = await _teller.OpenAsync();
            held.Add(await HeldLock.OfAccountAsync(bank.ConnectionString, blocked));
            first.Add(_bus.DepositAsync(blocked, 1_00));
            await held[i].UntilWaitedForAsync();
        }

        var sent = send();
        foreach (var hold in held)
        {
            await hold.DisposeAsync();
        }

        Assert.All(await Task.WhenAll(first), o => Assert.Equal(201, o.Status));
        return sent;
    }

    private static async Task<CommandReply> ReplyAsync(Task<Outcome> outcome) => CommandReply.Of(await outcome);

    /// <summary>The status of a recorded answer; the code of a rejected or postponed command.</summary>
    private static async Task<string> AnswerAsync(Task<CommandReply> outcome)
    {
        try
        {
            return $"{(await outcome).Status}";
        }
        catch (CommandRejectedException rejected)
        {
            return rejected.Code;
        }
        catch (CommandPostponedException postponed)
        {
            return postponed.Code;
        }
    }

    /// <summary>The balances and versions that the refusals saw, oldest first.</summary>
    private async Task<IEnumerable<(string Balance, int Version)>> RefusalsAsync(string account) =>
        (await _teller.GetAsync($"/v1/accounts/{account}/refusals")).Ok().Items().Reverse().Select(r =>
            (r.GetProperty("facts").GetProperty("balance").GetProperty("value").GetString()!, r.GetProperty("version").GetInt32()));
}
