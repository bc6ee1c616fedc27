using System.Runtime.CompilerServices;
using Confluent.Kafka;

namespace Banking.Consumer.Sources;

/// <summary>A Kafka topic. The message key is the account, so the events of one account are in one partition and in order.</summary>
public sealed class KafkaSource(string bootstrap, string topic, string group) : IEventSource
{
    public async IAsyncEnumerable<Delivery> ReadAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        using var consumer = new ConsumerBuilder<Ignore, byte[]?>(new ConsumerConfig
        {
            BootstrapServers = bootstrap,
            GroupId = group,
            AutoOffsetReset = AutoOffsetReset.Earliest,
            // Skip messages of transactions that the bank aborted.
            IsolationLevel = IsolationLevel.ReadCommitted,
            // The client commits in the background, but only offsets that AcknowledgeAsync stored.
            EnableAutoOffsetStore = false,
            EnableAutoCommit = true,
        })
            // The book is in memory, so each run reads the topic from the beginning. Remove this line for a persistent book.
            .SetPartitionsAssignedHandler((_, partitions) => partitions.Select(p => new TopicPartitionOffset(p, Offset.Beginning)))
            // The client reconnects to unavailable brokers by itself. Consume throws permanent failures.
            .SetLogHandler((_, _) => { })
            .Build();
        consumer.Subscribe(topic);
        try
        {
            while (true)
            {
                // Consume blocks its thread while there is no message. Use a pool thread only then.
                var result = consumer.Consume(TimeSpan.Zero) ?? await Task.Run(() => consumer.Consume(cancellation), cancellation);
                cancellation.ThrowIfCancellationRequested();
                if (result.Message.Value is { } body)
                {
                    yield return new(body, () =>
                    {
                        consumer.StoreOffset(result);
                        return ValueTask.CompletedTask;
                    });
                }
            }
        }
        finally
        {
            // Commits stored offsets and leaves the group.
            consumer.Close();
        }
    }
}
