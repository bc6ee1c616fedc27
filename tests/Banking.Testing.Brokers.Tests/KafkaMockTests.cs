using System.Collections.Concurrent;
using Confluent.Kafka;
using Confluent.Kafka.Admin;

namespace Banking.Testing.Brokers.Tests;

public sealed class KafkaMockTests : IAsyncDisposable
{
    private const int Partitions = 3;
    private const int PerPartition = 100;

    private readonly KafkaMock _kafka = new();

    public KafkaMockTests() => _kafka.CreateTopic("moves", Partitions);

    public ValueTask DisposeAsync() => _kafka.DisposeAsync();

    [Fact]
    public async Task A_topic_has_the_partitions_it_was_made_with_and_one_that_is_only_named_has_four()
    {
        using var admin = new AdminClientBuilder(
            new AdminClientConfig { BootstrapServers = _kafka.BootstrapServers, AllowAutoCreateTopics = true }).Build();

        Assert.Equal(Partitions, Assert.Single(admin.GetMetadata("moves", TimeSpan.FromSeconds(10)).Topics).Partitions.Count);
        using var producer = Producer();
        await producer.ProduceAsync("only-named", new() { Key = 1, Value = 1 });
        Assert.Equal(4, Assert.Single(admin.GetMetadata("only-named", TimeSpan.FromSeconds(10)).Topics).Partitions.Count);
    }

    [Fact]
    public async Task The_admin_api_cannot_make_topics()
    {
        using var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = _kafka.BootstrapServers }).Build();

        // The client waits in vain for a broker that supports the request.
        await Assert.ThrowsAnyAsync<KafkaException>(() =>
            admin.CreateTopicsAsync(
                [
                    new TopicSpecification
                    {
                        Name = "other",
                        NumPartitions = 1,
                        ReplicationFactor = 1,
                    },
                ],
                new() { RequestTimeout = TimeSpan.FromSeconds(2) }));
    }

    [Fact]
    public async Task While_it_is_down_nothing_is_lost_and_the_order_is_kept() =>
        await AssertNothingLostAsync(
            () =>
            {
                _kafka.Down();
                return Task.CompletedTask;
            },
            _kafka.Up);

    [Fact]
    public async Task While_its_network_is_down_nothing_is_lost_and_the_order_is_kept() =>
        await AssertNothingLostAsync(
            () =>
            {
                ForEachProxy(p => p.Down());
                return Task.CompletedTask;
            },
            () => ForEachProxy(p => p.Open()));

    [Fact]
    public async Task When_acknowledgements_are_lost_nothing_else_is_but_unlike_kafka_the_mock_stores_it_twice()
    {
        var read = await ProduceThroughAsync(
            () => Task.WhenAny(_kafka.Proxies.Select(p => p.CloseAfterResponseBytes(0, KafkaMock.IsProduce))), () => { });

        Assert.All(read, r => Assert.Equal(Enumerable.Range(0, PerPartition), r.Distinct()));
        Assert.Contains(read, r => r.Count > PerPartition);
    }

    [Fact]
    public async Task Requests_that_are_refused_are_sent_again() =>
        await AssertNothingLostAsync(
            () =>
            {
                _kafka.PushProduceErrors(ErrorCode.NotEnoughReplicas, ErrorCode.Local_Transport, ErrorCode.RequestTimedOut);
                return Task.CompletedTask;
            },
            () => { });

    [Fact]
    public async Task An_error_that_is_final_reaches_who_produces()
    {
        using var producer = Producer();
        await producer.ProduceAsync("moves", new() { Key = 1, Value = 1 });
        _kafka.PushProduceErrors(ErrorCode.TopicAuthorizationFailed);

        var error = await Assert.ThrowsAsync<ProduceException<int, int>>(() =>
            producer.ProduceAsync("moves", new() { Key = 1, Value = 2 }));

        Assert.Equal(ErrorCode.TopicAuthorizationFailed, error.Error.Code);
    }

    [Fact]
    public async Task With_a_delay_it_answers_that_much_later()
    {
        using var producer = Producer();
        await producer.ProduceAsync("moves", new() { Key = 1, Value = 1 });
        _kafka.Delay(TimeSpan.FromMilliseconds(300));
        var started = TimeProvider.System.GetTimestamp();

        await producer.ProduceAsync("moves", new() { Key = 1, Value = 2 });

        Assert.InRange(TimeProvider.System.GetElapsedTime(started).TotalMilliseconds, 300, 3000);
    }

    private async Task AssertNothingLostAsync(Func<Task> begin, Action end) =>
        Assert.All(await ProduceThroughAsync(begin, end), r => Assert.Equal(Enumerable.Range(0, PerPartition), r));

    /// <summary>Produces before, during and after an outage, and reads all records with a client that the outage does not affect.</summary>
    private async Task<List<int>[]> ProduceThroughAsync(Func<Task> begin, Action end)
    {
        using var producer = Producer();
        var reports = new ConcurrentQueue<ErrorCode>();
        Send(producer, reports, 0, 40);
        producer.Flush(TestContext.Current.CancellationToken);

        var begun = begin();
        Send(producer, reports, 40, 70);
        if (!begun.IsCompleted)
        {
            await begun;
        }

        producer.Flush(TimeSpan.FromMilliseconds(500));
        end();
        Send(producer, reports, 70, PerPartition);
        producer.Flush(TestContext.Current.CancellationToken);

        Assert.Equal(Partitions * PerPartition, reports.Count(r => r == ErrorCode.NoError));
        return Read(Partitions * PerPartition);
    }

    private IProducer<int, int> Producer() => new ProducerBuilder<int, int>(new ProducerConfig
    {
        BootstrapServers = _kafka.BootstrapServers,
        EnableIdempotence = true,
        Acks = Acks.All,
        MessageTimeoutMs = 0,
        ReconnectBackoffMs = 50,
        ReconnectBackoffMaxMs = 200,
        LingerMs = 1,
    }).SetLogHandler((_, _) => { }).Build();

    private static void Send(IProducer<int, int> producer, ConcurrentQueue<ErrorCode> reports, int from, int to)
    {
        for (var n = from; n < to; n++)
        {
            for (var partition = 0; partition < Partitions; partition++)
            {
                producer.Produce(new TopicPartition("moves", partition), new() { Key = partition, Value = n }, r =>
                    reports.Enqueue(r.Error.Code));
            }
        }
    }

    private List<int>[] Read(int count)
    {
        using var consumer = new ConsumerBuilder<int, int>(new ConsumerConfig
        {
            BootstrapServers = _kafka.BootstrapServers,
            GroupId = "reader",
            EnablePartitionEof = true,
        }).SetLogHandler((_, _) => { }).Build();
        consumer.Assign(Enumerable.Range(0, Partitions).Select(p => new TopicPartitionOffset("moves", p, Offset.Beginning)));
        var read = Enumerable.Range(0, Partitions).Select(_ => new List<int>()).ToArray();
        // Read each partition to its end, so that records stored twice are found.
        for (var ends = 0; ends < Partitions;)
        {
            var result = consumer.Consume(TimeSpan.FromSeconds(10))
                ?? throw new TimeoutException($"{read.Sum(r => r.Count)} of {count} records were read.");
            if (result.IsPartitionEOF)
            {
                ends++;
            }
            else
            {
                read[result.Partition].Add(result.Message.Value);
            }
        }

        return read;
    }

    private void ForEachProxy(Action<TcpProxy> change)
    {
        foreach (var proxy in _kafka.Proxies)
        {
            change(proxy);
        }
    }
}
