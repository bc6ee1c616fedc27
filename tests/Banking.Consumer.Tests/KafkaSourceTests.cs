using System.Text;
using Banking.Consumer.Sources;
using Confluent.Kafka;

namespace Banking.Consumer.Tests;

/// <summary>Uses the mock broker of the Kafka client: the protocol is real, and nothing must be installed.</summary>
public sealed class KafkaSourceTests : IDisposable
{
    private const string Group = "readers";

    private static readonly TopicPartition Partition = new("events", 0);

    private readonly IProducer<string, byte[]?> _broker = new ProducerBuilder<string, byte[]?>(
        new ProducerConfig(new Dictionary<string, string> { ["test.mock.num.brokers"] = "1" })).SetLogHandler((_, _) => { }).Build();

    [Fact(Timeout = 60_000)]
    public async Task It_reads_a_topic_from_the_beginning_regardless_of_committed_offsets()
    {
        string?[] texts = ["one", null, "two"];
        foreach (var text in texts)
        {
            await _broker.ProduceAsync(Partition, new() { Key = "acc_a", Value = text is null ? null : Encoding.UTF8.GetBytes(text) });
        }

        using var admin = new DependentAdminClientBuilder(_broker.Handle).Build();
        var broker = admin.GetMetadata(TimeSpan.FromSeconds(5)).Brokers.Single();
        var bootstrap = $"{broker.Host}:{broker.Port}";
        using var earlier = new ConsumerBuilder<Ignore, Ignore>(
            new ConsumerConfig { BootstrapServers = bootstrap, GroupId = Group }).Build();
        earlier.Commit([new(Partition, 2)]);

        Assert.Equal(
            ["one", "two"], await TakeAsync(new KafkaSource(bootstrap, Partition.Topic, Group), 2, TestContext.Current.CancellationToken));
        Assert.Equal(3, earlier.Committed([Partition], TimeSpan.FromSeconds(5)).Single().Offset.Value);
    }

    public void Dispose() => _broker.Dispose();

    private static async Task<List<string>> TakeAsync(KafkaSource source, int count, CancellationToken stop)
    {
        List<string> taken = [];
        await foreach (var delivery in source.ReadAsync(stop).Take(count))
        {
            taken.Add(Encoding.UTF8.GetString(delivery.Body.Span));
            await delivery.AcknowledgeAsync();
        }

        return taken;
    }
}
