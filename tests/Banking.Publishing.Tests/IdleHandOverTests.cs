using Banking.SharedKernel;
using Banking.Testing;
using Npgsql;

namespace Banking.Publishing.Tests;

/// <summary>What happens to webhooks that wait when their host stops, and when an event cannot be read.</summary>
public sealed class IdleHandOverTests : BankFixture
{
    private const int Count = 20;

    protected override string[] Settings => [.. base.Settings, .. LocalWebhooks];

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
    public async Task An_event_that_cannot_be_read_blocks_its_account_only_and_once_it_can_be_read_its_events_follow()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        await using var both = await WebhookReceiver.StartAsync();
        var account = await RegisterAsync(receiver);
        var other = await As("teller").OpenAsync();
        await this.RegisterWebhookAsync(both.Url, accounts: [account, other]);
        await UntilPublishersAsync(Count + 1);
        (await As("teller").DepositAsync(account, "1.00")).Created();
        await receiver.TookAsync(1);
        await both.TookAsync(1);
        // The event becomes unreadable on insert, as if another version had written it.
        await this.ExecuteAsync(
            "create function spoil() returns trigger language plpgsql as $$ begin if new.data -> 'amount' ->> 'minor' = '1313' then "
                + "new.type := 'accounts.money-deposited.v9'; end if; return new; end $$");
        await this.ExecuteAsync("create trigger spoil before insert on bank.mt_events_default for each row execute function spoil()");
        (await As("teller").DepositAsync(account, "13.13")).Created();
        (await As("teller").DepositAsync(account, "2.00")).Created();
        (await As("teller").DepositAsync(other, "3.00")).Created();

        // Two of the webhooks take the account.
        await Eventually.UntilAsync(BlockedAsync, blocked => blocked.Count == 2);
        Assert.All(await BlockedAsync(), b => Assert.Contains("does not know its type", b, StringComparison.Ordinal));
        await both.TookAsync(2);
        await IdleAsync();
        Assert.Equal(["1.00"], AmountsOf(receiver));
        Assert.Equal(["1.00", "3.00"], AmountsOf(both));
        var feed = await As("operator").GetAsync($"/v1/feed?accounts={account}");
        Assert.Equal("1.00", feed.Ok().Items()[^1].GetProperty("data").GetProperty("amount").GetProperty("value").GetString());
        (await As("operator").GetAsync($"/v1/feed?accounts={account}&after={feed.Text("nextCursor")}")).IsProblem(503, "event_unreadable");
        Assert.Equal("3.00", (await As("operator").GetAsync($"/v1/feed?accounts={other}"))
            .Ok().Items()[^1].GetProperty("data").GetProperty("amount").GetProperty("value").GetString());

        await this.ExecuteAsync("drop trigger spoil on bank.mt_events_default; drop function spoil()");
        await this.ExecuteAsync(
            "update bank.mt_events set type = 'accounts.money-deposited.v3' where data -> 'amount' ->> 'minor' = '1313'");

        await receiver.TookAsync(3);
        await both.TookAsync(4);
        await Eventually.UntilAsync(BlockedAsync, blocked => blocked.Count == 0);
        Assert.Equal(["1.00", "13.13", "2.00"], AmountsOf(receiver));
        Assert.Equal(["1.00", "3.00", "13.13", "2.00"], AmountsOf(both));
        var deposits = $"/v1/feed?accounts={account}&types=banking.account.money-deposited.v1";
        Assert.Equal(3, (await As("operator").GetAsync(deposits)).Ok().Items().Count);
    }

    [Fact]
    public async Task A_locked_row_of_one_destination_does_not_delay_the_others()
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
    public async Task After_a_restore_in_place_all_are_paused_and_once_released_continue_in_the_restored_log()
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
            () => this.QueryAsync<long>("select count(*) from publishing.publisher where held_at is not null"),
            paused => paused[0] == Count);
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

    private Task<List<string>> BlockedAsync() =>
        this.QueryAsync<string>("select detail from publishing.blocked_account where cause = 'unreadable' and publisher like 'webhook:%'");

    private static IEnumerable<string> AmountsOf(WebhookReceiver receiver) => receiver.Taken
        .Select(d => d.Event.GetProperty("data").GetProperty("amount").GetProperty("value").GetString()!);
}
