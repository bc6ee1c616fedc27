using Banking.SharedKernel;
using Banking.Testing;

namespace Banking.Publishing.Tests;

/// <summary>What happens to webhooks that wait when their host stops, and when an event cannot be read.</summary>
public sealed class IdleHandOverTests : BankFixture
{
    private const int Count = 50;

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
        using var statements = new Statements(ConnectionString);

        await Host.StopAsync();
        (await On(other, "teller").DepositAsync(account, "3.00")).Created();

        await receiver.TookAsync(3);
        Assert.Equal(3, receiver.All.Count);
        Assert.InRange(statements.With("set epoch = l.epoch + 1").Count, 1, 3);
    }

    [Fact]
    public async Task An_event_that_cannot_be_read_is_the_problem_of_each_and_once_it_can_all_go_on()
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

        await this.ExecuteAsync("drop trigger spoil on bank.mt_events_default; drop function spoil()");
        await this.ExecuteAsync(
            "update bank.mt_events set data = data || jsonb_build_object('bankSide', (select data -> 'bankSide' from bank.mt_events "
                + "where data -> 'amount' ->> 'minor' = '100')) where data -> 'amount' ->> 'minor' = '1313'");

        await receiver.TookAsync(2);
        await Eventually.UntilAsync(ProblemsAsync, problems => problems.Count == 0);
        Assert.Equal(2, receiver.All.Count);
    }

    private async Task<string> RegisterAsync(WebhookReceiver receiver)
    {
        var account = await As("teller").OpenAsync();
        await Task.WhenAll(Enumerable.Range(1, Count).Select(i => this.RegisterWebhookAsync(
            receiver.Url, accounts: [i == 1 ? account : PublicId.Format("acc", new(i, 0, 0, new byte[8]))])));
        await Eventually.UntilAsync(
            () => this.QueryAsync<long>("select count(*) from publishing.lane where kind = 'webhook'"), n => n[0] == Count);
        return account;
    }

    private Task<List<string>> ProblemsAsync() =>
        this.QueryAsync<string>("select error from publishing.lane where kind = 'webhook' and error is not null");
}
