using Banking.Publishing.Publishers;
using Banking.Publishing.Log;
using Confluent.Kafka;
using Confluent.Kafka.Admin;

namespace Banking.Publishing.Kafka;

/// <summary>
/// A topic, keyed by account. The producer is idempotent and never gives up on a message by itself: so each partition holds an unbroken run
/// of what was produced, whatever breaks and whenever, and what is produced again after a restart follows a run that it repeats. A message
/// that timed out here, or was given up, while later ones went through would change the order of an account's events.
/// </summary>
internal sealed class KafkaDestination : Destination
{
    private const int PartitionsOfNewTopic = 12;

    private static readonly TimeSpan RetryPolicy = TimeSpan.FromSeconds(10);

    private readonly IProducer<string, byte[]> _producer;
    private readonly string _topic;
    private Action<string>? _trouble;

    private KafkaDestination(KafkaSettings settings)
    {
        _topic = settings.Topic;
        _producer = new ProducerBuilder<string, byte[]>(ConfigOf(settings))
            .SetErrorHandler((_, error) => _trouble?.Invoke(InPlainWords(error, settings.BootstrapServers)))
            .SetLogHandler((_, _) => { })
            .Build();
    }

    public static KafkaDestination Open(KafkaSettings settings)
    {
        EnsureTopic(settings);
        return new(settings);
    }

    public override async Task<IReadOnlyList<Rejected>> DeliverAsync(
        IReadOnlyList<PublicEvent> events, Action<string> trouble, CancellationToken ct)
    {
        _trouble = trouble;
        try
        {
            var page = new Page(events.Count);
            foreach (var e in events)
            {
                _producer.Produce(_topic, MessageOf(e), page.Reported);
            }

            await page.Delivered.WaitAsync(ct);
            return [];
        }
        catch (KafkaException failure)
        {
            // Nothing more may go out after one that did not: the lane opens another producer and begins again where all had arrived.
            throw new DestinationUnavailableException($"Kafka did not take an event: {failure.Error.Reason}", failure);
        }
        finally
        {
            _trouble = null;
        }
    }

    public override async ValueTask DisposeAsync()
    {
        // Not flushed: what was not acknowledged is sent again by whoever goes on. It blocks until the client's threads are gone.
        await Task.Run(_producer.Dispose);
        await base.DisposeAsync();
    }

    private static ProducerConfig ConfigOf(KafkaSettings settings) => new(new Dictionary<string, string>(settings.Client))
    {
        BootstrapServers = settings.BootstrapServers,
        ClientId = "banking",
        EnableIdempotence = true,
        // An error that nothing helps against stops the producer, instead of leaving a hole that later events of the partition go around.
        EnableGaplessGuarantee = true,
        Acks = Acks.All,
        MessageTimeoutMs = 0,
        LingerMs = 2,
        // As Java's clients do it: whoever computes an account's partition comes to the same.
        Partitioner = Partitioner.Murmur2Random,
        AllowAutoCreateTopics = false,
    };

    private static Message<string, byte[]> MessageOf(PublicEvent e) => new()
    {
        Key = e.Subject,
        Value = e.Json.ToArray(),
        Timestamp = new(e.Time),
        Headers = [new("content-type", "application/cloudevents+json; charset=UTF-8"u8.ToArray())],
    };

    private static void EnsureTopic(KafkaSettings settings)
    {
        using var admin = new AdminClientBuilder(ConfigOf(settings)).SetLogHandler((_, _) => { }).Build();
        try
        {
            // All of them: asking for one by its name makes it, on a cluster that makes topics by itself, with as many partitions as it
            // likes.
            var topic = admin.GetMetadata(RetryPolicy).Topics.Find(t => t.Topic == settings.Topic);
            if (topic is null && !settings.CreateTopic)
            {
                throw new DestinationUnavailableException(
                    $"There is no Kafka topic {settings.Topic}, and Banking:Publishing:Kafka:CreateTopic is off.");
            }

            if (topic is null)
            {
                admin.CreateTopicsAsync([new TopicSpecification
                {
                    Name = settings.Topic,
                    NumPartitions = settings.Partitions ?? PartitionsOfNewTopic,
                    ReplicationFactor = settings.ReplicationFactor,
                }]).GetAwaiter().GetResult();
            }
            else if (settings.Partitions is { } wanted && topic.Partitions.Count != wanted)
            {
                throw new DestinationUnavailableException(
                    $"The Kafka topic {settings.Topic} has {topic.Partitions.Count} partitions and not {wanted}, as configured: accounts would change their partition, and lose their order."
                );
            }
        }
        catch (KafkaException failure)
        {
            throw new DestinationUnavailableException(InPlainWords(failure.Error, settings.BootstrapServers), failure);
        }
    }

    private static string InPlainWords(Error error, string servers) => error.Code switch
    {
        // Its own reason counts brokers that are up again: "0/3 brokers are down".
        ErrorCode.Local_AllBrokersDown => $"No Kafka broker can be reached at {servers}.",
        ErrorCode.Local_Transport or ErrorCode.Local_TimedOut or ErrorCode.Local_Resolve =>
            $"No Kafka broker can be reached at {servers}: {error.Reason}",
        ErrorCode.TopicAuthorizationFailed or ErrorCode.ClusterAuthorizationFailed or ErrorCode.SaslAuthenticationFailed =>
            $"Kafka does not let this bank in: {error.Reason}",
        _ => $"Kafka says: {error.Reason}",
    };

    /// <summary>What became of the messages of one delivery.</summary>
    private sealed class Page(int messages)
    {
        private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _open = messages;

        public Task Delivered => _done.Task;

        public void Reported(DeliveryReport<string, byte[]> report)
        {
            if (report.Error.IsError || report.Status != PersistenceStatus.Persisted)
            {
                _done.TrySetException(new KafkaException(report.Error));
            }
            else if (Interlocked.Decrement(ref _open) == 0)
            {
                _done.TrySetResult();
            }
        }
    }
}
