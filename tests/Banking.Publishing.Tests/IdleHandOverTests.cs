using Banking.SharedKernel;
using Banking.Testing;
using Npgsql;

namespace Banking.Publishing.Tests;

/// <summary>What happens to webhooks that wait when their host stops, and when an event cannot be read.</summary>
public sealed class IdleHandOverTests : BankFixture
{
    private const int Count = 20;

    protected override string[] Settings =>
        [
            .. base.Settings,
            "--Banking:Publishing:Webhooks:AllowInsecure",
            "true",
            "--Banking:Publishing:Webhooks:AllowPrivateAddresses",
            "true",
        ];

    [Fact]
    public async Task A_host_that_stops_hands_all_of_them_over_at_once_and_nothing_arrives_twice()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        var account = await RegisterAsync(receiver);
        (await As("teller").DepositAsync(account, "1.00")).Created();
        await receiver.TookAsync(1);
        await using var other = await StartAnotherAsync();
        (await On(other, "teller").DepositAsync(account, "2.00")).Created();
        await receiver.TookAsync(2);
        await IdleAsync();
        using var statements = new Statements(ConnectionString);

        await Host.StopAsync();
        (await On(other, "teller").DepositAsync(account, "3.00")).Created();

        await receiver.TookAsync(3);
        Assert.Equal(3, receiver.All.Count);
        Assert.InRange(statements.With("set epoch = l.epoch + 1").Count, 1, 3);
    }

    [Fact]
    public async Task An_event_that_cannot_be_read_holds_up_those_before_it_only_and_once_it_can_be_read_all_go_on()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        var account = await RegisterAsync(receiver);
        (await As("teller").DepositAsync(account, "1.00")).Created();
        await receiver.TookAsync(1);
        // The event becomes unreadable on insert, as if another version had written it.
        await this.ExecuteAsync(
            "create function spoil() returns trigger language plpgsql as $$ begin if new.data -> 'amount' ->> 'minor' = '1313' then "
                + "new.data := new.data - 'bankSide'; end if; return new; end $$");
        await this.ExecuteAsync("create trigger spoil before insert on bank.mt_events_default for each row execute function spoil()");
        (await As("teller").DepositAsync(account, "13.13")).Created();

        await Eventually.UntilAsync(ProblemsAsync, problems => problems.Count == Count);
        Assert.All(await ProblemsAsync(), p => Assert.StartsWith("UnreadableEventException: Event evt_", p, StringComparison.Ordinal));
        Assert.Single(receiver.All);

        // A webhook that begins after the event gets its events.
        await this.RegisterWebhookAsync(receiver.Url, accounts: [account]);
        await UntilPublishersAsync(Count + 1);
        (await As("teller").DepositAsync(account, "2.00")).Created();
        await receiver.TookAsync(2);
        (await As("teller").DepositAsync(account, "3.00")).Created();
        await receiver.TookAsync(3);
        Assert.Equal(Count, (await ProblemsAsync()).Count);

        await this.ExecuteAsync("drop trigger spoil on bank.mt_events_default; drop function spoil()");
        await this.ExecuteAsync(
            "update bank.mt_events set data = data || jsonb_build_object('bankSide', (select data -> 'bankSide' from bank.mt_events "
                + "where data -> 'amount' ->> 'minor' = '100')) where data -> 'amount' ->> 'minor' = '1313'");

        // The first webhook gets all three that it missed.
        await Eventually.UntilAsync(() => receiver.All.Count, n => n >= 6);
        await Eventually.UntilAsync(ProblemsAsync, problems => problems.Count == 0);
        Assert.Equal(6, receiver.All.Count);
    }

    [Fact]
    public async Task A_locked_row_of_one_destination_does_not_hold_up_the_others()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        await using var others = await WebhookReceiver.StartAsync();
        var (account, free) = (await As("teller").OpenAsync(), await As("teller").OpenAsync());
        await this.RegisterWebhookAsync(receiver.Url, accounts: [account]);
        await this.RegisterWebhookAsync(others.Url, accounts: [free]);
        await UntilPublishersAsync(2);
        await using var other = await StartAnotherAsync();
        await using var connection = await Owner.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await using var command = new NpgsqlCommand(
            "select from publishing.publisher where name = (select min(name) from publishing.publisher where kind = 'webhook') for update",
            connection);
        await command.ExecuteNonQueryAsync();

        await Host.StopAsync();
        (await On(other, "teller").DepositAsync(account, "1.00")).Created();
        (await On(other, "teller").DepositAsync(free, "2.00")).Created();

        // The first registered webhook has the smaller name.
        await others.TookAsync(1);
        Assert.Empty(receiver.All);
        await transaction.RollbackAsync();
        await receiver.TookAsync(1);
    }

    [Fact]
    public async Task After_a_restore_in_place_all_are_held_and_once_released_continue_in_the_restored_log()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        var account = await RegisterAsync(receiver);
        (await As("teller").DepositAsync(account, "1.00")).Created();
        await receiver.TookAsync(1);
        await IdleAsync();
        var backup = await DatabaseBackup.TakeAsync(ConnectionString);
        (await As("teller").DepositAsync(account, "2.00")).Created();
        await receiver.TookAsync(2);
        await IdleAsync();

        await backup.RestoreAsync();
        await Eventually.UntilAsync(
            () => this.QueryAsync<long>("select count(*) from publishing.publisher where held_at is not null"), held => held[0] == Count);
        (await As("teller").DepositAsync(account, "3.00")).Created();
        foreach (var name in await this.QueryAsync<string>("select name from publishing.publisher where kind = 'webhook'"))
        {
            (await As("operator").PostAsync($"/ops/outbox/{name}/release", new { reasonCode = "drill", reason = "A test." })).Ok();
        }

        await receiver.TookAsync(4);
        await Eventually.UntilAsync(() => receiver.All.Count, all => all == Count + 3);
        Assert.Equal(["1.00", "2.00", "banking.log.restored.v1", "3.00"], receiver.Taken.Select(d =>
            d.Event.GetProperty("data").TryGetProperty("amount", out var amount) ? amount.GetProperty("value").GetString() : d.Type));
        // The second and the announcement have the same position, in two logs.
        Assert.Equal(receiver.All[1].Position, receiver.Taken[2].Position);
    }

    private async Task<string> RegisterAsync(WebhookReceiver receiver)
    {
        var account = await As("teller").OpenAsync();
        await Task.WhenAll(Enumerable.Range(1, Count).Select(i => this.RegisterWebhookAsync(
            receiver.Url, accounts: [i == 1 ? account : PublicId.Format("acc", new(i, 0, 0, new byte[8]))])));
        await UntilPublishersAsync(Count);
        return account;
    }

    private Task<List<long>> UntilPublishersAsync(int count) => Eventually.UntilAsync(
        () => this.QueryAsync<long>("select count(*) from publishing.publisher where kind = 'webhook'"), n => n[0] == count);

    /// <summary>Waits until every checkpoint has reached the end of the log: what arrived was recorded.</summary>
    private async Task IdleAsync()
    {
        var end = (await this.QueryAsync<long>("select max(seq_id) from bank.mt_events"))[0];
        await Eventually.UntilAsync(
            () => this.QueryAsync<long>("select count(*) from publishing.publisher where position < $1", end), behind => behind[0] == 0);
    }

    private Task<List<string>> ProblemsAsync() =>
        this.QueryAsync<string>("select error from publishing.publisher where kind = 'webhook' and error is not null");
}
