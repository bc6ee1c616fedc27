using Banking.Testing;

namespace Banking.Accounts.Tests;

/// <summary>
/// A host caches the states that it stored. It must never decide on a state that differs from the database; see also TwoHostsTests.
/// </summary>
public sealed class RememberedStateTests(BankFixture bank) : IClassFixture<BankFixture>
{
    private readonly BankClient _teller = bank.As("teller");

    [Fact]
    public async Task After_a_restore_a_decision_uses_the_state_of_the_database()
    {
        // Another history with the same number of events: only the broken connections show that the cache is invalid.
        var account = await _teller.OpenAsync(balance: "10.00");
        await ExecuteAsync(
            """update accounts.mt_doc_account set data = jsonb_set(data, '{balance,minor}', '300') where data ->> 'version' = '2'""");
        await ExecuteAsync(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()");

        Answer answer;
        var key = ("Idempotency-Key", BankClient.NewKey());
        do
        {
            answer = await _teller.WithdrawAsync(account, "5.00", "EUR", key);
        }
        while (answer.StatusCode == 503);

        Assert.Equal((422, "3.00"), (answer.StatusCode, answer.Text("available", "value")));
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var command = bank.Owner.CreateCommand(sql);
        await Deadlocks.RetryAsync(() => command.ExecuteNonQueryAsync());
    }
}
