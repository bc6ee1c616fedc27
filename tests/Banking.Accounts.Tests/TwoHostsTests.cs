using System.Globalization;
using Banking.Accounts.Domain;
using Banking.Testing;
using Npgsql;

namespace Banking.Accounts.Tests;

/// <summary>Two hosts on one event log, each with its own cache of accounts.</summary>
public sealed class TwoHostsTests(BankFixture bank) : IClassFixture<BankFixture>
{
    private const int Callers = 12;
    private const int Each = 30;

    [Fact]
    public async Task A_host_with_a_cached_account_sees_the_movements_of_the_other_host()
    {
        await using var other = await bank.StartAnotherAsync();
        var (here, there) = (bank.As("teller"), BankFixture.On(other, "teller"));
        var account = await here.OpenAsync(balance: "100.00");
        (await there.WithdrawAsync(account, "70.00")).Created();

        var no = await here.WithdrawAsync(account, "40.00");
        (await here.WithdrawAsync(account, "30.00")).Created();
        var none = await there.WithdrawAsync(account, "0.01");

        Assert.Equal((422, "30.00", "3"), (no.StatusCode, no.Text("balance", "value"), no.Text("version")));
        Assert.Equal((422, "0.00", "4"), (none.StatusCode, none.Text("balance", "value"), none.Text("version")));
    }

    [Fact]
    public async Task A_host_starts_while_another_writes_to_tables_that_a_migration_locks()
    {
        await using var connection = await bank.Owner.OpenConnectionAsync(TestContext.Current.CancellationToken);
        await using var writing = await connection.BeginTransactionAsync(TestContext.Current.CancellationToken);
        await using var command = new NpgsqlCommand(
            "lock table bank.mt_events, bank.mt_streams, platform.receipt, platform.receipt_answer, platform.read_model "
                + "in row exclusive mode",
            connection);
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);

        await using var other = await bank.StartAnotherAsync().WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);

        var account = await BankFixture.On(other, "teller").OpenAsync(balance: "1.00");
        Assert.Equal("1.00", await bank.As("teller").BalanceAsync(account));
    }

    [Fact]
    public async Task Concurrent_commands_of_two_hosts_on_the_same_accounts_never_fail_and_leave_no_gap()
    {
        await using var other = await bank.StartAnotherAsync();
        BankClient[] tellers = [bank.As("teller"), BankFixture.On(other, "teller")];
        var accounts = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => tellers[0].OpenAsync(balance: "20.00")));

        var answers = (await Task.WhenAll(Enumerable.Range(0, Callers).Select(c => WorkAsync(tellers[c % 2], c, accounts))))
            .SelectMany(a => a)
            .ToList();

        Assert.Equal(Callers * Each, answers.Count);
        Assert.All(answers, a =>
            Assert.True(a.Answer.StatusCode == 201 || a.Answer is { StatusCode: 422, Code: "insufficient_funds" }, a.Answer.Body));
        Assert.Contains(answers, a => a.Answer.StatusCode == 422);
        var accepted = answers.Where(a => a.Answer.StatusCode == 201).ToList();
        var ids = accounts.Select(Stored.Id).ToArray();
        Assert.Equal(
            60.00m + accepted.Sum(a => a.In),
            (await Task.WhenAll(accounts.Select(tellers[1].BalanceAsync))).Sum(b => decimal.Parse(b, CultureInfo.InvariantCulture)));
        Assert.Equal(
            [6L + accepted.Sum(a => a.Events)],
            await bank.QueryAsync<long>("select count(*) from bank.mt_events where stream_id = any($1)", ids));
        Assert.Equal(
            [(long)answers.Count - accepted.Count],
            await bank.QueryAsync<long>("select count(*) from platform.mt_doc_refusal where (data ->> 'streamId')::uuid = any($1)", ids));
        Assert.Empty(await bank.QueryAsync<Guid>(
            "select e.stream_id from bank.mt_events e join bank.mt_streams s on s.id = e.stream_id group by e.stream_id, s.version " +
            "having array_agg(e.version order by e.seq_id) <> array(select generate_series(1, s.version))"));
        await using var session = bank.Store.QuerySession();
        foreach (var id in ids)
        {
            AccountProperties.Same((await session.Events.AggregateStreamAsync<Account>(id))!, (await session.LoadAsync<Account>(id))!);
        }
    }

    /// <summary>Each caller sends a fixed sequence; only the order between hosts varies.</summary>
    private static async Task<List<(Answer Answer, decimal In, int Events)>> WorkAsync(BankClient teller, int caller, string[] accounts)
    {
        var answers = new List<(Answer, decimal, int)>();
        for (var i = 0; i < Each; i++)
        {
            var (one, two) = (accounts[(caller + i) % accounts.Length], accounts[(caller + i + 1) % accounts.Length]);
            answers.Add((i % 5) switch
            {
                0 => (await teller.DepositAsync(one, "2.00"), 2.00m, 1),
                1 => (await teller.WithdrawAsync(one, "3.00"), -3.00m, 1),
                _ => (await teller.TransferAsync(one, two, "5.00"), 0m, 2),
            });
        }

        return answers;
    }
}
