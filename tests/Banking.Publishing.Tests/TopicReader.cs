using System.Text;
using System.Text.Json;
using Confluent.Kafka;

namespace Banking.Publishing.Tests;

/// <summary>Reads a topic from its beginning, without joining a consumer group.</summary>
internal sealed class TopicReader : IDisposable
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30);

    private readonly IConsumer<string, byte[]> _consumer;

    public TopicReader(string servers, string topic, int partitions)
    {
        _consumer = new ConsumerBuilder<string, byte[]>(
            new ConsumerConfig
            {
                BootstrapServers = servers,
                GroupId = "test",
                EnableAutoCommit = false,
            }).SetLogHandler((_, _) => { }).Build();
        _consumer.Assign(Enumerable.Range(0, partitions).Select(p => new TopicPartitionOffset(topic, p, Offset.Beginning)));
    }

    public List<ConsumeResult<string, byte[]>> Read { get; } = [];

    public IEnumerable<JsonElement> Events => Read.Select(r => JsonElement.Parse(r.Message.Value));

    public static string TextOf(ConsumeResult<string, byte[]> record) => Encoding.UTF8.GetString(record.Message.Value);

    /// <summary>Reads until each of these events has arrived at least once.</summary>
    public async Task UntilAsync(IReadOnlyList<JsonElement> events)
    {
        var missing = events.Select(e => e.Text("id")).Except(Events.Select(e => e.Text("id"))).ToHashSet();
        var started = TimeProvider.System.GetTimestamp();
        while (missing.Count > 0)
        {
            Assert.True(TimeProvider.System.GetElapsedTime(started) < Timeout, $"{missing.Count} of {events.Count} events did not arrive.");
            await ReadAsync(TimeSpan.FromMilliseconds(200));
            missing.ExceptWith(Events.Select(e => e.Text("id")));
        }
    }

    /// <summary>Reads until no record has arrived for this long.</summary>
    public Task ReadAsync(TimeSpan silence) => Task.Run(() =>
    {
        while (_consumer.Consume(silence) is { } record)
        {
            Read.Add(record);
        }
    });

    public void Dispose() => _consumer.Dispose();
}
