using System.Text;
using Banking.Publishing.Log;
using Banking.Publishing.Publishers;
using Banking.Web.Http;
using Confluent.Kafka;
using Confluent.Kafka.Admin;

namespace Banking.Publishing.Kafka;

/// <summary>
/// A Kafka topic keyed by account. The producer is idempotent and never gives up on a single message: each partition holds an unbroken run
/// of the produced messages, and messages produced again after a restart repeat a run. A message that timed out while later ones succeeded
/// would change the order of an account's events.
/// </summary>
internal sealed class KafkaDestination : Destination
{
    private const int DefaultPartitions = 12;

    private static readonly TimeSpan MetadataTimeout = TimeSpan.FromSeconds(10);

    private readonly IProducer<string, byte[]> _producer;
    private readonly string _topic;
    private Action<string>? _reportProblem;

    private KafkaDestination(KafkaSettings settings)
    {
        _topic = settings.Topic;
        _producer = new ProducerBuilder<string, byte[]>(ConfigOf(settings))
            .SetErrorHandler((_, error) => _reportProblem?.Invoke(Describe(error, settings.BootstrapServers)))
            .SetLogHandler((_, _) => { })
            .Build();
    }

    public static KafkaDestination Open(KafkaSettings settings)
    {
        EnsureTopic(settings);
        return new(settings);
    }

    public override async Task<IReadOnlyList<Rejected>> DeliverAsync(
        IReadOnlyList<PublicEvent> events, Action<string> reportProblem, CancellationToken ct)
    {
        _reportProblem = reportProblem;
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
            // No later message may follow a failed one: the publisher opens another producer and restarts at its checkpoint.
            throw new DestinationUnavailableException($"Kafka rejected an event: {failure.Error.Reason}", failure);
        }
        finally
        {
            _reportProblem = null;
        }
    }

    public override async ValueTask DisposeAsync()
    {
        // Not flushed: unacknowledged messages are sent again after a restart. Dispose blocks until the client's threads have ended.
        await Task.Run(_producer.Dispose);
        await base.DisposeAsync();
    }

    private static ProducerConfig ConfigOf(KafkaSettings settings) => new(new Dictionary<string, string>(settings.Client))
    {
        BootstrapServers = settings.BootstrapServers,
        ClientId = "banking",
        EnableIdempotence = true,
        // A fatal error stops the producer; otherwise later messages of the partition would pass a gap.
        EnableGaplessGuarantee = true,
        Acks = Acks.All,
        MessageTimeoutMs = 0,
        LingerMs = 2,
        // The partitioner of Java clients, so that consumers can compute the partition of an account.
        Partitioner = Partitioner.Murmur2Random,
        AllowAutoCreateTopics = false,
    };

    private static Message<string, byte[]> MessageOf(PublicEvent e) => new()
    {
        Key = e.Subject,
        Value = e.Json.ToArray(),
        Timestamp = new(e.Time),
        Headers =
        [
            new("content-type", "application/cloudevents+json; charset=UTF-8"u8.ToArray()),
            new(LedgerEpochs.MessageHeader, Encoding.ASCII.GetBytes(e.Epoch)),
        ],
    };

    private static void EnsureTopic(KafkaSettings settings)
    {
        using var admin = new AdminClientBuilder(ConfigOf(settings)).SetLogHandler((_, _) => { }).Build();
        try
        {
            // Metadata of all topics: a request for one topic would create it on a cluster with automatic topic creation, with any number
            // of partitions.
            var topic = admin.GetMetadata(MetadataTimeout).Topics.Find(t => t.Topic == settings.Topic);
            if (topic is null && !settings.CreateTopic)
            {
                throw new DestinationUnavailableException(
                    $"The Kafka topic {settings.Topic} does not exist, and Banking:Publishing:Kafka:CreateTopic is off.");
            }

            if (topic is null)
            {
                admin.CreateTopicsAsync([new TopicSpecification
                {
                    Name = settings.Topic,
                    NumPartitions = settings.Partitions ?? DefaultPartitions,
                    ReplicationFactor = settings.ReplicationFactor,
                }]).GetAwaiter().GetResult();
            }
            else if (settings.Partitions is { } wanted && topic.Partitions.Count != wanted)
            {
                throw new DestinationUnavailableException(
                    $"The Kafka topic {settings.Topic} has {topic.Partitions.Count} partitions, but {wanted} are configured: "
                        + "accounts would change their partition and lose their order.");
            }
        }
        catch (KafkaException failure)
        {
            throw new DestinationUnavailableException(Describe(failure.Error, settings.BootstrapServers), failure);
        }
    }

    private static string Describe(Error error, string servers) => error.Code switch
    {
        // The client's reason is misleading: it counts brokers that are up again as down.
        ErrorCode.Local_AllBrokersDown => $"Cannot reach a Kafka broker at {servers}.",
        ErrorCode.Local_Transport or ErrorCode.Local_TimedOut or ErrorCode.Local_Resolve =>
            $"Cannot reach a Kafka broker at {servers}: {error.Reason}",
        ErrorCode.TopicAuthorizationFailed or ErrorCode.ClusterAuthorizationFailed or ErrorCode.SaslAuthenticationFailed =>
            $"Kafka refuses access: {error.Reason}",
        _ => $"Kafka reports an error: {error.Reason}",
    };

    /// <summary>Collects the delivery reports of one page.</summary>
    private sealed class Page(int messages)
    {
        private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _unreported = messages;

        public Task Delivered => _done.Task;

        public void Reported(DeliveryReport<string, byte[]> report)
        {
            if (report.Error.IsError || report.Status != PersistenceStatus.Persisted)
            {
                _done.TrySetException(new KafkaException(report.Error));
            }
            else if (Interlocked.Decrement(ref _unreported) == 0)
            {
                _done.TrySetResult();
            }
        }
    }
}
