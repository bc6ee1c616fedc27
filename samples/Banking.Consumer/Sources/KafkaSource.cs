using System.Runtime.CompilerServices;
using Confluent.Kafka;

namespace Banking.Consumer.Sources;

/// <summary>A Kafka topic. The bank's key is the account, so that the events of one account are in one partition, and in order.</summary>
public sealed class KafkaSource(string bootstrap, string topic, string group) : IEventSource
{
    public async IAsyncEnumerable<Delivery> ReadAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        using var consumer = new ConsumerBuilder<Ignore, byte[]?>(new ConsumerConfig
        {
            BootstrapServers = bootstrap,
            GroupId = group,
            AutoOffsetReset = AutoOffsetReset.Earliest,
            // Events of a transaction that the bank gave up are not events.
            IsolationLevel = IsolationLevel.ReadCommitted,
            // What is committed, in the background, is only what AcknowledgeAsync stored.
            EnableAutoOffsetStore = false,
            EnableAutoCommit = true,
        })
            // The book is in memory, so each run reads all there is, whatever an earlier one committed. With a book that is kept, this line
            // goes.
            .SetPartitionsAssignedHandler((_, partitions) => partitions.Select(p => new TopicPartitionOffset(p, Offset.Beginning)))
            // Brokers that are away come back, and the client with them; what it cannot get over is thrown by Consume.
            .SetLogHandler((_, _) => { })
            .Build();
        consumer.Subscribe(topic);
        try
        {
            while (true)
            {
                // Consume blocks its thread when nothing is there; only then is it worth one of the pool.
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
            // Commits what was stored, and tells the group.
            consumer.Close();
        }
    }
}
