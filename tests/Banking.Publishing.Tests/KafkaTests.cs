using System.Text;
using System.Text.Json;
using Banking.Testing;
using Banking.Testing.Brokers;

namespace Banking.Publishing.Tests;

/// <summary>The bank publishes every event to Kafka, keyed and ordered by account. When it cannot, operators see why.</summary>
public sealed class KafkaTests
{
    private const string Topic = KafkaBank.Topic;
    private const int Partitions = 6;

    private static readonly TimeSpan QuietPeriod = TimeSpan.FromSeconds(1);

    [Fact]
    public async Task Events_arrive_keyed_by_account_in_order_and_in_the_bytes_of_the_feed()
    {
        await using var kafka = Cluster();
        await using var bank = await KafkaBank.StartAsync(kafka.BootstrapServers, "CreateTopic=false");

        await RoundTripAsync(bank, kafka.BootstrapServers, Topic, Partitions);
    }

    [Fact]
    public async Task The_same_on_a_real_cluster_where_the_topic_is_made()
    {
        var servers = Environment.GetEnvironmentVariable("BANKING_TEST_KAFKA");
        Assert.SkipWhen(
            string.IsNullOrEmpty(servers),
            "BANKING_TEST_KAFKA names no bootstrap servers. Run docker compose --profile brokers up kafka, and set it to localhost:9092.");
        var topic = "banking.test." + Guid.CreateVersion7().ToString("N");
        await using var bank = await KafkaBank.StartAsync(servers!, "Topic=" + topic, $"Partitions={Partitions}");

        await RoundTripAsync(bank, servers!, topic, Partitions);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Unavailable_brokers_get_everything_in_order_when_they_are_back_and_the_bank_continues_meanwhile(bool betweenTwoPages)
    {
        await using var kafka = Cluster();
        await using var bank = await KafkaBank.StartAsync(kafka.BootstrapServers, "CreateTopic=false");
        var (teller, accounts) = (bank.As("teller"), new List<string>());
        accounts.AddRange([await bank.As("teller").OpenAsync(), await bank.As("teller").OpenAsync()]);
        await bank.WellAsync();

        kafka.Down();
        if (betweenTwoPages)
        {
            // The client detects the outage while it has nothing to send, and reports it within this time.
            await Task.Delay(TimeSpan.FromSeconds(3), TimeProvider.System);
        }

        await DepositAsync(teller, accounts, 10);
        var error = await bank.TroubleAsync("Cannot reach a Kafka broker");
        Assert.Contains(kafka.BootstrapServers, error, StringComparison.Ordinal);
        await DepositAsync(teller, accounts, 10);
        kafka.Up();
        await bank.WellAsync();

        await ArrivedInOrderAsync(bank, kafka);
    }

    [Fact]
    public async Task A_lost_acknowledgement_repeats_events_and_never_turns_them_round()
    {
        await using var kafka = Cluster();
        await using var bank = await KafkaBank.StartAsync(kafka.BootstrapServers, "CreateTopic=false");
        var (teller, accounts) = (bank.As("teller"), new List<string>());
        for (var i = 0; i < 6; i++)
        {
            accounts.Add(await teller.OpenAsync());
        }

        await bank.WellAsync();
        var cuts = kafka.Proxies.Select(p => p.CloseAfterResponseBytes(0, KafkaMock.IsProduce)).ToList();
        await DepositAsync(teller, accounts, 30);
        await Task.WhenAny(cuts);
        await bank.WellAsync();

        var read = await ArrivedInOrderAsync(bank, kafka);
        // The mock stores events that are sent again; a real cluster would do so only after a restart of the bank.
        Assert.True(read.Count > read.Select(e => e.Text("id")).Distinct().Count(), "No event was repeated: no acknowledgement was lost.");
    }

    [Fact]
    public async Task A_topic_with_another_number_of_partitions_is_refused_and_nothing_is_published()
    {
        await using var kafka = Cluster();
        await using var bank = await KafkaBank.StartAsync(kafka.BootstrapServers, "Partitions=12");
        (await bank.As("teller").DepositAsync(await bank.As("teller").OpenAsync(), "1.00")).Created();

        var error = await bank.TroubleAsync("partitions");

        Assert.StartsWith(
            $"The Kafka topic {Topic} has {Partitions} partitions, but 12 are configured", error, StringComparison.Ordinal);
        using var reader = new TopicReader(kafka.BootstrapServers, Topic, Partitions);
        await reader.ReadAsync(QuietPeriod);
        Assert.Empty(reader.Read);
    }

    [Fact]
    public async Task A_topic_that_is_not_there_and_not_to_be_made_is_missed_until_somebody_makes_it()
    {
        await using var kafka = new KafkaMock();
        await using var bank = await KafkaBank.StartAsync(kafka.BootstrapServers, "CreateTopic=false");
        await bank.As("teller").OpenAsync(balance: "1.00");

        Assert.Equal(
            $"The Kafka topic {Topic} does not exist, and Banking:Publishing:Kafka:CreateTopic is off.",
            await bank.TroubleAsync("does not exist"));

        kafka.CreateTopic(Topic, Partitions);
        await bank.WellAsync();
        await ArrivedInOrderAsync(bank, kafka);
    }

    private static KafkaMock Cluster()
    {
        var kafka = new KafkaMock();
        kafka.CreateTopic(Topic, Partitions);
        return kafka;
    }

    private static async Task RoundTripAsync(BankFixture bank, string servers, string topic, int partitions)
    {
        var (teller, accounts) = (bank.As("teller"), new List<string>());
        for (var i = 0; i < 10; i++)
        {
            accounts.Add(await teller.OpenAsync(balance: "10.00"));
        }

        await DepositAsync(teller, accounts, 3);
        (await teller.TransferAsync(accounts[0], accounts[1], "1.00")).Created();
        var feed = await new Feed(bank).AllAsync();
        using var reader = new TopicReader(servers, topic, partitions);
        await reader.UntilAsync(feed);

        Assert.Equal(
            feed.Select(e => e.GetRawText()).Order(StringComparer.Ordinal),
            reader.Read.Select(TopicReader.TextOf).Order(StringComparer.Ordinal));
        var byAccount = reader.Read.GroupBy(r => r.Message.Key).ToList();
        Assert.Equal(accounts.Order(StringComparer.Ordinal), byAccount.Select(a => a.Key).Order(StringComparer.Ordinal));
        Assert.All(byAccount, a => Assert.Single(a.Select(r => r.Partition).Distinct()));
        Assert.All(byAccount, a => Assert.All(a, r => Assert.Equal(a.Key, JsonElement.Parse(r.Message.Value).Text("subject"))));
        Assert.All(accounts, a =>
            Assert.Equal(Enumerable.Range(1, reader.Events.FirstsOf(a).Count).Select(v => (long)v), reader.Events.FirstsOf(a)));
        Assert.True(reader.Read.Select(r => r.Partition).Distinct().Count() > 1, "All accounts are on the same partition.");
        Assert.All(reader.Read, r =>
            Assert.Equal(
                "application/cloudevents+json; charset=UTF-8", Encoding.UTF8.GetString(r.Message.Headers.GetLastBytes("content-type"))));
    }

    private static async Task<IReadOnlyList<JsonElement>> ArrivedInOrderAsync(BankFixture bank, KafkaMock kafka)
    {
        var feed = await new Feed(bank).AllAsync();
        using var reader = new TopicReader(kafka.BootstrapServers, Topic, Partitions);
        await reader.UntilAsync(feed);
        await reader.ReadAsync(QuietPeriod);
        foreach (var account in feed.Select(e => e.Text("subject")).Distinct())
        {
            Assert.Equal(feed.FirstsOf(account), reader.Events.FirstsOf(account));
        }

        return [.. reader.Events];
    }

    private static async Task DepositAsync(BankClient teller, List<string> accounts, int times)
    {
        for (var i = 0; i < times; i++)
        {
            foreach (var account in accounts)
            {
                (await teller.DepositAsync(account, "1.00")).Created();
            }
        }
    }
}
