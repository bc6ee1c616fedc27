using Banking.Testing;
using Npgsql;

namespace Banking.Accounts.Tests;

/// <summary>
/// The database is restored to an older state while two hosts keep their connections, and new events follow. Cached states of the lost
/// history must not be used for decisions, although the versions are the same again.
/// </summary>
public sealed class RestoreInPlaceTests(BankFixture bank) : IClassFixture<BankFixture>
{
    [Fact]
    public async Task A_decision_after_the_restore_uses_the_restored_balance_not_the_cached_one()
    {
        await using var other = await bank.StartAnotherAsync();
        var (a, b) = (bank.As("teller"), BankFixture.On(other, "teller"));
        var account = await a.OpenAsync(balance: "30.00");
        var backup = await DatabaseBackup.TakeAsync(bank.ConnectionString);
        (await a.DepositAsync(account, "4000.00")).Created();
        (await a.DepositAsync(account, "1000.00")).Created();
        await backup.RestoreAsync();

        (await b.DepositAsync(account, "1.00")).Created();
        (await b.DepositAsync(account, "1.00")).Created();
        var refused = await a.WithdrawAsync(account, "5000.00");
        var accepted = await a.WithdrawAsync(account, "32.00");

        Assert.Equal((422, "32.00", "4"), (refused.StatusCode, refused.Text("available", "value"), refused.Text("version")));
        Assert.Equal(("0.00", "5"), (accepted.Created().Text("balance", "value"), accepted.Text("version")));
    }

    [Fact]
    public async Task A_transfer_after_the_restore_uses_the_restored_balances_of_both_accounts()
    {
        await using var other = await bank.StartAnotherAsync();
        var (a, b) = (bank.As("teller"), BankFixture.On(other, "teller"));
        var (payer, payee) = (await a.OpenAsync(balance: "10.00"), await a.OpenAsync());
        var backup = await DatabaseBackup.TakeAsync(bank.ConnectionString);
        (await a.DepositAsync(payer, "900.00")).Created();
        (await a.DepositAsync(payee, "900.00")).Created();
        await backup.RestoreAsync();
        (await b.DepositAsync(payer, "1.00")).Created();
        (await b.DepositAsync(payee, "2.00")).Created();

        var refused = await a.TransferAsync(payer, payee, "11.01");
        (await a.TransferAsync(payer, payee, "11.00")).Created();

        Assert.Equal((422, "11.00"), (refused.StatusCode, refused.Text("available", "value")));
        Assert.Equal(("0.00", "13.00"), (await b.BalanceAsync(payer), await b.BalanceAsync(payee)));
    }

    [Fact]
    public async Task A_freeze_after_the_restore_is_not_hidden_by_the_cached_state()
    {
        await using var other = await bank.StartAnotherAsync();
        var (a, b) = (bank.As("teller"), BankFixture.On(other, "teller"));
        var account = await a.OpenAsync(balance: "30.00");
        var backup = await DatabaseBackup.TakeAsync(bank.ConnectionString);
        (await a.DepositAsync(account, "1.00")).Created();
        await backup.RestoreAsync();
        (await b.PostAsync($"/v1/accounts/{account}/freeze", new { scope = "debit", reasonCode = "fraud", reason = "asked" })).Ok();

        var refused = await a.WithdrawAsync(account, "5.00");

        Assert.Equal(422, refused.StatusCode);
        Assert.Equal("30.00", await b.BalanceAsync(account));
    }

    [Fact]
    public async Task A_key_used_only_in_the_lost_history_is_a_new_key()
    {
        var teller = bank.As("teller");
        var account = await teller.OpenAsync(balance: "30.00");
        var backup = await DatabaseBackup.TakeAsync(bank.ConnectionString);
        var key = ("Idempotency-Key", BankClient.NewKey());
        (await teller.DepositAsync(account, "5.00", "EUR", key)).Created();
        await backup.RestoreAsync();

        var again = await teller.DepositAsync(account, "5.00", "EUR", key);

        Assert.Equal((null, "35.00"), (again.Header("Idempotency-Replayed"), again.Created().Text("balance", "value")));
        Assert.Equal("35.00", await teller.BalanceAsync(account));
    }

    [Fact]
    public async Task A_restore_that_is_the_victim_of_a_deadlock_begins_again()
    {
        var teller = bank.As("teller");
        var account = await teller.OpenAsync(balance: "30.00");
        var backup = await DatabaseBackup.TakeAsync(bank.ConnectionString);
        (await teller.DepositAsync(account, "5.00")).Created();
        await using var superuser = NpgsqlDataSource.Create(await TestCluster.SuperuserAsync(bank.ConnectionString));
        await using var reader = await superuser.OpenConnectionAsync();
        await using var transaction = await reader.BeginTransactionAsync();

        // The restore has locked the receipts when it waits for the events. The reader never looks for a deadlock, so the restore, which
        // looks after a second, is the one that PostgreSQL ends.
        await ExecuteAsync(reader, "set local deadlock_timeout = '10min'; lock table bank.mt_events in access share mode");
        var restore = backup.RestoreAsync();
        await Eventually.UntilAsync(() => IsWaitedForAsync(reader.ProcessID, superuser), isWaitedFor => isWaitedFor is true);
        await ExecuteAsync(reader, "lock table platform.receipt in access share mode");
        await transaction.RollbackAsync();
        await restore;

        Assert.Equal("30.00", await teller.BalanceAsync(account));
    }

    [Fact]
    public async Task A_number_assigned_to_another_account_after_the_restore_resolves_to_that_account()
    {
        await using var other = await bank.StartAnotherAsync();
        var (a, b) = (bank.As("teller"), BankFixture.On(other, "teller"));
        var backup = await DatabaseBackup.TakeAsync(bank.ConnectionString);
        var (lost, number) = await OpenAsync(a);
        (await a.DepositAsync(number, "7.00")).Created();
        await backup.RestoreAsync();
        var (account, same) = await OpenAsync(b);
        Assert.Equal(number, same);

        (await a.DepositAsync(number, "5.00")).Created();
        var read = await a.GetAsync($"/v1/accounts/{number}");

        Assert.Equal(("5.00", account), (await b.BalanceAsync(account), read.Ok().Text("id")));
        Assert.Equal(404, (await a.DepositAsync(lost, "1.00")).StatusCode);
    }

    [Fact]
    public async Task No_account_is_opened_for_a_customer_who_existed_only_in_the_lost_history()
    {
        var teller = bank.As("teller");
        var backup = await DatabaseBackup.TakeAsync(bank.ConnectionString);
        var customer = await teller.RegisterAsync();
        await teller.OpenAsync(customer);
        await backup.RestoreAsync();

        var refused = await teller.PostAsync("/v1/accounts", new { customerId = customer, currency = "EUR" });

        Assert.Equal((404, "customer_not_found"), (refused.StatusCode, refused.Code));
    }

    [Fact]
    public async Task A_state_whose_last_event_was_replaced_is_folded_again()
    {
        // Only the last event differs; version and stored state stay. Neither the cached nor the stored state may be used.
        await using var other = await bank.StartAnotherAsync();
        var account = await bank.As("teller").OpenAsync(balance: "500.00");
        await bank.ExecuteAsync(
            "update bank.mt_events set id = gen_random_uuid(), data = jsonb_set(data, '{amount,minor}', '300') "
                + "where stream_id = $1 and version = 2",
            Stored.Id(account));

        foreach (var host in new[] { bank.Host, other })
        {
            var refused = await BankFixture.On(host, "teller").WithdrawAsync(account, "3.01");
            Assert.Equal((422, "3.00"), (refused.StatusCode, refused.Text("available", "value")));
        }
    }

    [Fact]
    public async Task No_movement_is_booked_on_an_account_whose_last_event_is_missing()
    {
        var teller = bank.As("teller");
        var (account, whole) = (await teller.OpenAsync(balance: "500.00"), await teller.OpenAsync());
        await bank.ExecuteAsync("delete from bank.mt_events where stream_id = $1 and version = 2", Stored.Id(account));

        var refused = await teller.WithdrawAsync(account, "1.00");

        Assert.Equal((503, "event_unreadable", "false"), (refused.StatusCode, refused.Code, refused.Text("applied")));
        (await teller.DepositAsync(whole, "1.00")).Created();
    }

    private static async Task<(string Id, string Number)> OpenAsync(BankClient client)
    {
        var opened = (
            await client.PostAsync("/v1/accounts", new { customerId = await client.RegisterAsync(), currency = "EUR" })).Created();
        return (opened.Text("id"), opened.Text("number"));
    }

    private static async Task<object?> IsWaitedForAsync(int process, NpgsqlDataSource superuser)
    {
        await using var command = superuser.CreateCommand(
            "select exists (select from pg_stat_activity where $1 = any (pg_blocking_pids(pid)))");
        command.Parameters.Add(new() { Value = process });
        return await command.ExecuteScalarAsync();
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}
