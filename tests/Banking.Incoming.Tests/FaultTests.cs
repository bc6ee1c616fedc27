using System.Diagnostics.Metrics;
using System.Text.Json;
using Banking.Testing;
using Banking.Testing.Brokers;
using Microsoft.Extensions.DependencyInjection;

namespace Banking.Incoming.Tests;

/// <summary>The broker, the database or the connection fails: no message is lost, and none is decided twice.</summary>
[Collection(nameof(Shared))]
public sealed class FaultTests(IncomingBank shared, FaultTests.FaultyBank bank) : IClassFixture<FaultTests.FaultyBank>
{
    private const string Queue = "commands-faults";

    [Fact]
    public async Task A_bank_without_its_broker_serves_and_takes_messages_when_the_broker_is_there()
    {
        await bank.StartAsync(shared.Broker);
        bank.Network.Down();
        await UntilStateAsync("connecting");

        var listener = await ListenerAsync();
        Assert.StartsWith(
            $"Cannot take messages from {Queue} at 127.0.0.1:{bank.Network.Port}/: ", listener.Member("reason"), StringComparison.Ordinal);
        Assert.DoesNotContain("guest", listener.GetRawText(), StringComparison.Ordinal);
        var health = (await bank.Anonymous().GetAsync("/health/ready")).Ok().Json.GetProperty("checks").GetProperty("incoming");
        Assert.Equal(("Degraded", "faulty: messages cannot be taken now"), (health.Member("status"), health.Member("why")));
        var account = await bank.As("teller").OpenAsync();
        bank.Network.Open();
        await UntilStateAsync("listening");
        await SendAsync(account, "1.00");
        await bank.UntilBalanceAsync(account, "1.00");
    }

    [Fact]
    public async Task While_the_database_is_unreachable_messages_wait()
    {
        await bank.StartAsync(shared.Broker);
        await UntilStateAsync("listening");
        var accounts = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => bank.As("teller").OpenAsync()));
        await TestCluster.AllowConnectionsAsync(bank.ConnectionString, false);
        try
        {
            foreach (var account in accounts)
            {
                await SendAsync(account, "1.00");
            }

            await UntilStateAsync("waiting");
        }
        finally
        {
            await TestCluster.AllowConnectionsAsync(bank.ConnectionString, true);
        }

        foreach (var account in accounts)
        {
            await bank.UntilBalanceAsync(account, "1.00");
        }

        await UntilStateAsync("listening");
        Assert.Empty(await bank.DeadLettersAsync());
    }

    /// <summary>For the broker this is the same as a host that is killed.</summary>
    [Fact]
    public async Task A_connection_that_dies_after_the_decision_and_before_the_acknowledgement_changes_nothing()
    {
        await bank.StartAsync(shared.Broker);
        await UntilStateAsync("listening");
        using var repeated = new RepeatCounter(bank.Host.Services.GetRequiredService<IMeterFactory>());
        var account = await bank.As("teller").OpenAsync();
        await using (var held = await HeldLock.OfAccountAsync(bank.ConnectionString, account))
        {
            await SendAsync(account, "5.00");
            await held.UntilWaitedForAsync();
            // From here on the broker hears nothing from the bank.
            bank.Network.BlackHole();
        }

        await bank.UntilBalanceAsync(account, "5.00");
        Assert.Equal(0, repeated.Count);
        // The acknowledgement may not have been sent yet: without the reset it would still arrive.
        bank.Network.Reset();
        bank.Network.Open();
        await Eventually.UntilAsync(() => repeated.Count, count => count == 1);

        Assert.Equal("5.00", await bank.As("teller").BalanceAsync(account));
        Assert.Equal(2, (await bank.EventsAsync(account)).Count);
        await Eventually.UntilAsync(() => shared.Broker.CountAsync(Queue), waiting => waiting == 0);
    }

    private Task SendAsync(string account, string amount) =>
        shared.Broker.SendAsync(Queue, IncomingBank.Deposit, Messages.Deposit(account, amount));

    private async Task<JsonElement> ListenerAsync() => (await bank.As("auditor").GetAsync("/ops/incoming")).Ok().Items()[0];

    private Task<JsonElement> UntilStateAsync(string state) => Eventually.UntilAsync(
        ListenerAsync, l => l.Member("state") == state && (l.Member("reason") is null) == (state == "listening"));

    /// <summary>A bank that reaches its broker through a disturbed network, and creates its queue. It starts without the broker.</summary>
    public sealed class FaultyBank : BankFixture, IAsyncLifetime
    {
        public TcpProxy Network { get; private set; } = null!;

        protected override string[] Settings =>
        [
            .. base.Settings,
            .. IncomingBank.Listener("faulty", RabbitServer.UriOf(Network.Port), Queue, "Identity=core", "Declare=true"),
        ];

        ValueTask IAsyncLifetime.InitializeAsync() => default;

        /// <summary>Starts the bank if no test has, and connects it with the broker.</summary>
        public async Task StartAsync(Broker broker)
        {
            Broker.Require();
            if (Network is null)
            {
                Network = new(broker.Server.Port);
                Network.Down();
                await InitializeAsync();
            }

            Network.Open();
        }

        async ValueTask IAsyncDisposable.DisposeAsync()
        {
            if (Network is not null)
            {
                await DisposeAsync();
                await Network.DisposeAsync();
            }
        }
    }

    /// <summary>Counts messages that the bank recognised as repeats.</summary>
    private sealed class RepeatCounter : IDisposable
    {
        private readonly MeterListener _listener = new();
        private int _count;

        public RepeatCounter(IMeterFactory meters)
        {
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Name == "banking.incoming.messages" && instrument.Meter.Scope == meters)
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            };
            _listener.SetMeasurementEventCallback<long>((_, _, tags, _) =>
            {
                if (tags.Contains(new("outcome", "replayed")))
                {
                    Interlocked.Increment(ref _count);
                }
            });
            _listener.Start();
        }

        public int Count => Volatile.Read(ref _count);

        public void Dispose() => _listener.Dispose();
    }
}
