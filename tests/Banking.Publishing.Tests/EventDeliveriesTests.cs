using Banking.EventStore.Log;
using Banking.Publishing.Log;
using Banking.Publishing.Outbox;
using Banking.Publishing.Publishers;
using Banking.Publishing.RabbitMq;
using Banking.SharedKernel;
using Banking.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Banking.Publishing.Tests;

/// <summary>What the bank says about an event at a destination is what happened there.</summary>
public sealed class EventDeliveriesTests(EventDeliveriesTests.SinksBank bank) : IClassFixture<EventDeliveriesTests.SinksBank>
{
    private readonly BankClient _teller = bank.As("teller");
    private readonly BankClient _operator = bank.As("operator");

    [Fact]
    public async Task A_discarded_event_is_discarded_until_the_destination_is_set_back_and_receives_it()
    {
        var account = await _teller.OpenAsync(balance: "1.00");
        bank.Sink.Refuses = e => e.Subject == account && e.Version == 3 ? "no" : null;
        (await _teller.DepositAsync(account, "1.00")).Created();
        (await _teller.DepositAsync(account, "1.00")).Created();

        await BecomesAsync(account, 3, "blocked");
        await BecomesAsync(account, 4, "blocked");
        Assert.Equal("acknowledged", await StateAsync(account, 2));
        await _operator.PostAsync("/ops/dead-letters/discard", new { account, reasonCode = "test", reason = "A test asks for it." });
        await BecomesAsync(account, 4, "acknowledged");
        Assert.Equal("discarded", await StateAsync(account, 3));

        // The destination receives it then, also if an earlier event of its account is rejected.
        bank.Sink.Refuses = e => e.Subject == account && e.Version == 2 ? "no" : null;
        await SetAsync(Sink.Name, 0);
        await BecomesAsync(account, 2, "blocked");
        bank.Sink.Refuses = _ => null;
        await _operator.PostAsync("/ops/dead-letters/replay", new { account, reasonCode = "test", reason = "A test asks for it." });
        await BecomesAsync(account, 3, "acknowledged");
        Assert.Contains(3, bank.Sink.VersionsOf(account));
    }

    [Fact]
    public async Task An_event_of_a_paused_type_and_the_later_ones_of_its_account_are_blocked()
    {
        const string Type = "banking.account.money-withdrawn.v1";
        var account = await _teller.OpenAsync(balance: "5.00");
        (await _operator.PostAsync($"/ops/outbox/{Sink.Name}/hold", new { type = Type, reasonCode = "test", reason = "test" })).Ok();
        (await _teller.WithdrawAsync(account, "1.00")).Created();
        (await _teller.DepositAsync(account, "1.00")).Created();

        await BecomesAsync(account, 3, "blocked");
        await BecomesAsync(account, 4, "blocked");
        Assert.Equal("acknowledged", await StateAsync(account, 2));
        (await _operator.PostAsync($"/ops/outbox/{Sink.Name}/release", new { type = Type, reasonCode = "test", reason = "test" })).Ok();
        await BecomesAsync(account, 4, "acknowledged");
    }

    [Fact]
    public async Task An_event_that_an_operator_skipped_is_passed_and_not_acknowledged()
    {
        bank.Sink.Outage = "the sink is out";
        var account = await _teller.OpenAsync(balance: "1.00");
        Assert.Equal("waiting", await StateAsync(account, 2));
        await SetAsync(Sink.Name, (await bank.QueryAsync<long>("select max(seq_id) from bank.mt_events"))[0]);
        bank.Sink.Outage = null;
        (await _teller.DepositAsync(account, "1.00")).Created();

        await BecomesAsync(account, 3, "acknowledged");
        Assert.Equal("passed", await StateAsync(account, 2));
    }

    [Fact]
    public async Task A_destination_that_began_after_an_event_has_it_when_it_is_set_back()
    {
        var account = await _teller.OpenAsync(balance: "1.00");
        await BecomesAsync(account, 2, "acknowledged");
        bank.Sinks.Add(new() { Called = "late", From = StartPosition.Now });
        await BecomesAsync(account, 2, "before-start", "late");

        await SetAsync("late", 0);

        await BecomesAsync(account, 2, "acknowledged", "late");
        Assert.Contains(2, bank.Sinks[^1].VersionsOf(account));
    }

    [Fact]
    public async Task A_broker_is_a_destination_of_the_events_that_a_routing_key_matches()
    {
        var account = await _teller.OpenAsync(balance: "1.00");
        await BecomesAsync(account, 2, "acknowledged");
        var rabbit = new RabbitSource(
            new() { Uri = "amqp://localhost", Queues = new Dictionary<string, string> { ["deposits"] = "*.*.money-deposited.v1" } });
        var services = bank.Host.Services;
        var deliveries = new EventDeliveries(
            [rabbit], services.GetRequiredService<PublisherStore>(), services.GetRequiredService<BlockedAccounts>(),
            services.GetRequiredService<EventReader>());
        PublicEvent[] taken = [.. bank.Sink.Taken.Where(e => e.Subject == account).OrderBy(e => e.Version).Take(2)];

        Assert.Empty(await deliveries.FindAsync(taken[0], CancellationToken.None));
        Assert.Equal(
            new("rabbitmq", "rabbitmq", Outbox.DeliveryState.Waiting, null),
            Assert.Single(await deliveries.FindAsync(taken[1], CancellationToken.None)));
    }

    private async Task SetAsync(string destination, long position) => (await _operator.PostAsync(
        $"/ops/outbox/{destination}/position", new { position, reasonCode = "test", reason = "A test asks for it." })).Ok();

    private Task<string> BecomesAsync(string account, long version, string state, string destination = Sink.Name) =>
        Eventually.UntilAsync(() => StateAsync(account, version, destination), s => s == state);

    private async Task<string> StateAsync(string account, long version, string destination = Sink.Name)
    {
        var id = (await bank.QueryAsync<Guid>(
            "select id from bank.mt_events where stream_id = $1 and version = $2", Guid.ParseExact(account[4..], "N"), version))[0];
        var found = (await _operator.GetAsync($"/v1/feed/deliveries?eventId={PublicId.Format("evt", id)}")).Ok().Items();
        return found.Where(d => d.Text("destination") == destination).Select(d => d.Text("state")).SingleOrDefault("none");
    }

    /// <summary>A bank whose sinks are configured while it runs.</summary>
    public sealed class SinksBank : BankFixture, IDestinationSource
    {
        internal List<Sink> Sinks { get; } = [new()];

        internal Sink Sink => Sinks[0];

        public async Task<IReadOnlyList<DestinationSpec>> ListAsync(CancellationToken ct) =>
            [.. (await Task.WhenAll(Sinks.ToArray().Select(s => s.ListAsync(ct)))).SelectMany(s => s)];

        protected override void Configure(IServiceCollection services) => services.AddSingleton<IDestinationSource>(this);
    }
}
