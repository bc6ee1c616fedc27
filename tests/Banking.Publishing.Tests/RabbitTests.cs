using Banking.Publishing.Log;
using Banking.Publishing.Publishers;
using Banking.Publishing.RabbitMq;
using Banking.Publishing.Tests.Faults;
using Banking.Testing;
using Banking.Testing.Brokers;

namespace Banking.Publishing.Tests;

/// <summary>The bank publishes every event to durable RabbitMQ queues in order. When it cannot, operators see why.</summary>
public sealed class RabbitTests(SharedRabbit rabbit) : IClassFixture<SharedRabbit>
{
    private Uri Uri => rabbit.Server!.AmqpUri;

    [Fact]
    public async Task Events_arrive_in_order_persistent_named_and_typed_in_the_bytes_of_the_feed()
    {
        Assert.SkipWhen(RabbitServer.Missing is not null, RabbitServer.Missing ?? "");
        await using var bank = await RabbitBank.StartAsync(Uri, "Exchange=trip");
        var accounts = await CreateEventsAsync(bank);
        (await bank.As("teller").TransferAsync(accounts[0], accounts[1], "1.00")).Created();
        var feed = await new Feed(bank).AllAsync();
        await bank.WellAsync();

        await using var reader = await RabbitReader.StartAsync(Uri, "trip");
        await reader.UntilAsync(feed);

        Assert.Equal(feed.Select(e => e.GetRawText()), reader.Read.Select(m => m.Text));
        Assert.All(reader.Read, m =>
            Assert.Equal(
                (m.Event.Text("id"), m.Event.Text("type"), m.Event.Text("type"), "application/cloudevents+json", "utf-8", true),
                (
                    m.Properties.MessageId,
                    m.RoutingKey,
                    m.Properties.Type,
                    m.Properties.ContentType,
                    m.Properties.ContentEncoding,
                    m.Properties.Persistent)));
        // Only quorum queues are recorded there.
        await rabbit.Server!.UntilRecordedAsync("trip");
    }

    [Fact]
    public async Task Each_queue_gets_the_types_that_it_is_bound_to()
    {
        Assert.SkipWhen(RabbitServer.Missing is not null, RabbitServer.Missing ?? "");
        await using var bank = await RabbitBank.StartAsync(
            Uri,
            "Exchange=keys",
            "Queues:keys-all=#",
            "Queues:keys-money=banking.account.money-deposited.v1 banking.account.money-withdrawn.v1");
        await CreateEventsAsync(bank);
        await bank.WellAsync();
        var feed = await new Feed(bank).AllAsync();

        await using var all = await RabbitReader.StartAsync(Uri, "keys-all");
        await using var money = await RabbitReader.StartAsync(Uri, "keys-money");
        await all.UntilAsync(feed);
        var wanted = feed.Where(e => e.Text("type").Contains(".money-", StringComparison.Ordinal)).ToList();
        await money.UntilAsync(wanted);

        Assert.Equal(wanted.Select(e => e.Text("id")), money.Events.Select(e => e.Text("id")));
    }

    [Fact]
    public async Task Killed_the_broker_loses_nothing_that_it_confirmed_and_gets_the_rest_when_it_is_back()
    {
        Assert.SkipWhen(RabbitServer.Missing is not null, RabbitServer.Missing ?? "");
        await using var bank = await RabbitBank.StartAsync(Uri, "Exchange=killed");
        var accounts = await CreateEventsAsync(bank);
        await bank.WellAsync();
        await rabbit.Server!.UntilRecordedAsync("killed");
        await rabbit.Server.UntilRecordedAsync("killed.dead");

        await rabbit.Server.KillAsync();
        await DepositAsync(bank, accounts, 10);
        var error = await bank.TroubleAsync($"127.0.0.1:{rabbit.Server.Port}");
        await rabbit.Server.StartAgainAsync();
        await bank.WellAsync();

        Assert.DoesNotContain("guest", error, StringComparison.Ordinal);
        await ArrivedInOrderAsync(bank, "killed");
    }

    [Fact]
    public async Task What_no_queue_takes_is_delivered_once_the_publisher_has_bound_its_queue_again()
    {
        Assert.SkipWhen(RabbitServer.Missing is not null, RabbitServer.Missing ?? "");
        await using var bank = await RabbitBank.StartAsync(Uri, "Exchange=unbound");
        var accounts = await CreateEventsAsync(bank);
        await bank.WellAsync();
        await using var owner = await RabbitReader.ConnectAsync(Uri);
        await owner.Channel.QueueUnbindAsync("unbound", "unbound", "#");

        await DepositAsync(bank, accounts, 3);

        await bank.WellAsync();
        await ArrivedInOrderAsync(bank, "unbound");
    }

    [Fact]
    public async Task A_queue_that_takes_only_later_events_of_an_account_gets_none_before_those_that_no_queue_takes()
    {
        Assert.SkipWhen(RabbitServer.Missing is not null, RabbitServer.Missing ?? "");
        var settings = new RabbitSettings
        {
            Uri = Uri.ToString(),
            Exchange = "bound",
            Queues = new Dictionary<string, string> { ["bound"] = "#" },
        };
        await using var destination = await RabbitDestination.OpenAsync(settings, new(), TestContext.Current.CancellationToken);
        await using var reader = await RabbitReader.StartAsync(Uri, "bound");
        await reader.Channel.QueueUnbindAsync("bound", "bound", "#");
        PublicEvent[] page = [EventOf(1, "deposited"), EventOf(2, "withdrawn")];

        await NotDeliveredAsync(destination, page);
        await reader.Channel.QueueBindAsync("bound", "bound", "withdrawn");
        await NotDeliveredAsync(destination, page);
        await reader.Channel.QueueBindAsync("bound", "bound", "#");
        Assert.Empty(await destination.DeliverAsync(page, _ => { }, TestContext.Current.CancellationToken));

        await Eventually.UntilAsync(() => reader.Read.Count, count => count == page.Length);
        Assert.Equal(["deposited", "withdrawn"], reader.Read.Select(m => m.RoutingKey));
    }

    [Fact]
    public async Task An_event_that_no_queue_is_configured_for_is_no_business_of_the_lane()
    {
        Assert.SkipWhen(RabbitServer.Missing is not null, RabbitServer.Missing ?? "");
        await using var bank = await RabbitBank.StartAsync(
            Uri, "Exchange=narrow", "Queues:narrow=banking.account.money-deposited.v1 banking.account.account-opened.*");
        await CreateEventsAsync(bank);

        await bank.WellAsync();

        await using var reader = await RabbitReader.StartAsync(Uri, "narrow");
        var wanted = await bank.QueryAsync<long>(
            "select count(*) from bank.mt_events where type in ('accounts.money-deposited.v3', 'accounts.account-opened.v1')");
        await Eventually.UntilAsync(() => reader.Read.Count, n => n >= wanted[0]);
        Assert.Equal(
            ["banking.account.account-opened.v1", "banking.account.money-deposited.v1"],
            reader.Read.Select(m => m.RoutingKey).Distinct().Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_wrong_password_and_a_broker_that_is_not_there_are_reported_without_the_password()
    {
        Assert.SkipWhen(RabbitServer.Missing is not null, RabbitServer.Missing ?? "");
        await using var network = new TcpProxy(rabbit.Server!.Port);
        network.Down();
        await using var bank = await RabbitBank.StartAsync(new($"amqp://guest:open-sesame@127.0.0.1:{network.Port}/"), "Exchange=denied");
        await CreateEventsAsync(bank);

        var unreachable = await bank.TroubleAsync("Cannot use RabbitMQ");
        network.Open();
        var refused = await bank.TroubleAsync("refused using");

        Assert.StartsWith($"Cannot use RabbitMQ at 127.0.0.1:{network.Port}/: ", unreachable, StringComparison.Ordinal);
        Assert.StartsWith($"Cannot use RabbitMQ at 127.0.0.1:{network.Port}/: ", refused, StringComparison.Ordinal);
        Assert.DoesNotContain("open-sesame", unreachable + refused, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_a_consumer_hands_back_too_often_is_found_among_the_dead_letters()
    {
        Assert.SkipWhen(RabbitServer.Missing is not null, RabbitServer.Missing ?? "");
        await using var bank = await RabbitBank.StartAsync(Uri, "Exchange=limited", "DeliveryLimit=2");
        await CreateEventsAsync(bank);
        await bank.WellAsync();
        var feed = await new Feed(bank).AllAsync();
        var requeued = feed[3].Text("id");

        await using var consumer = await RabbitReader.StartAsync(Uri, "limited", m => m.Properties.MessageId != requeued);
        await consumer.UntilAsync(feed);
        await using var dead = await RabbitReader.StartAsync(Uri, "limited.dead");
        await dead.UntilAsync([feed[3]]);

        var letter = Assert.Single(dead.Read);
        Assert.Equal(feed[3].GetRawText(), letter.Text);
        Assert.Equal(3, consumer.Read.Count(m => m.Properties.MessageId == requeued));
    }

    /// <summary>Two accounts with some events.</summary>
    private static async Task<IReadOnlyList<string>> CreateEventsAsync(BankFixture bank)
    {
        var teller = bank.As("teller");
        List<string> accounts = [await teller.OpenAsync(balance: "100.00"), await teller.OpenAsync(balance: "100.00")];
        (await teller.WithdrawAsync(accounts[0], "1.00")).Created();
        await DepositAsync(bank, accounts, 5);
        return accounts;
    }

    private static async Task DepositAsync(BankFixture bank, IReadOnlyList<string> accounts, int times)
    {
        foreach (var account in Enumerable.Repeat(accounts, times).SelectMany(a => a))
        {
            (await bank.As("teller").DepositAsync(account, "1.00")).Created();
        }
    }

    private static PublicEvent EventOf(long version, string type) =>
        new($"evt_{version}", type, Guid.Empty, "acc_1", DateTimeOffset.UnixEpoch, version, null, version, new { }) { Epoch = "" };

    private static async Task NotDeliveredAsync(RabbitDestination destination, PublicEvent[] page)
    {
        var failure = await Assert.ThrowsAsync<DestinationUnavailableException>(
            () => destination.DeliverAsync(page, _ => { }, TestContext.Current.CancellationToken));
        Assert.StartsWith("No queue is bound to the exchange bound", failure.Message, StringComparison.Ordinal);
    }

    private async Task ArrivedInOrderAsync(BankFixture bank, string queue)
    {
        var feed = await new Feed(bank).AllAsync();
        await using var reader = await RabbitReader.StartAsync(Uri, queue);
        await reader.UntilAsync(feed);
        Assert.All(feed.Select(e => e.Text("subject")).Distinct(), a => Assert.Equal(feed.FirstsOf(a), reader.Events.FirstsOf(a)));
    }
}
