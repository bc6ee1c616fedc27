using Banking.Publishing.Publishers;
using Microsoft.Extensions.Configuration;

namespace Banking.Publishing.Kafka;

/// <summary>Settings of Kafka (Banking:Publishing:Kafka). Without BootstrapServers nothing is published to Kafka.</summary>
public sealed record KafkaSettings
{
    /// <summary>host:port; several are separated by commas.</summary>
    public string BootstrapServers { get; init; } = "";

    public string Topic { get; init; } = "banking.events";

    /// <summary>
    /// The number of partitions of the topic. Accounts are spread over them by id, so another number would move accounts to other
    /// partitions and lose their order: a topic with another number is refused. Null accepts an existing topic, and creates a new one with
    /// twelve.
    /// </summary>
    public int? Partitions { get; init; }

    /// <summary>The replication factor of a new topic; -1 for the cluster's default.</summary>
    public short ReplicationFactor { get; init; } = -1;

    /// <summary>Whether a missing topic is created. If false, a missing topic is an error.</summary>
    public bool CreateTopic { get; init; } = true;

    /// <summary>Where a new topic starts: beginning, now or a position of the log.</summary>
    public string? From { get; init; }

    /// <summary>Other settings of the client by their own names, such as security.protocol and sasl.username.</summary>
    public IReadOnlyDictionary<string, string> Client { get; init; } = new Dictionary<string, string>();

    /// <summary>Client settings that order and completeness depend on, with all their aliases; they cannot be set.</summary>
    private static readonly string[] FixedClientSettings =
    [
        "enable.idempotence",
        "enable.gapless.guarantee",
        "acks",
        "request.required.acks",
        "message.timeout.ms",
        "delivery.timeout.ms",
        "message.send.max.retries",
        "retries",
        "max.in.flight",
        "max.in.flight.requests.per.connection",
        "queue.buffering.max.messages",
        "partitioner",
        "transactional.id",
    ];

    public static KafkaSettings Of(IConfigurationSection section)
    {
        var client = section
            .GetSection("Client")
            .AsEnumerable(makePathsRelative: true)
            .Where(p => p.Value is not null)
            .ToDictionary(p => p.Key, p => p.Value!);
        if (client.Keys.FirstOrDefault(k => FixedClientSettings.Contains(k, StringComparer.OrdinalIgnoreCase)) is { } fixedSetting)
        {
            throw new FormatException($"{section.Path}:Client:{fixedSetting} cannot be set: order and completeness depend on it.");
        }

        var settings = (section.Get<KafkaSettings>() ?? new()) with { Client = client };
        if (settings is not { Partitions: null or > 0, ReplicationFactor: -1 or > 0 })
        {
            throw new FormatException($"{section.Path}: Partitions must be above 0, and ReplicationFactor above 0 or -1.");
        }

        StartPosition.Parse(settings.From, section.Path);
        return settings;
    }
}

/// <summary>The source of the Kafka destination, if it is configured.</summary>
internal sealed class KafkaSource(KafkaSettings settings) : IDestinationSource
{
    public const string Kind = "kafka";

    private readonly IReadOnlyList<DestinationSpec> _specs =
        settings.BootstrapServers.Length == 0
            ? []
            :
            [
                new(Kind, Kind, StartPosition.Parse(settings.From, KafkaSource.Kind), "", _ =>
                    Task.Run<Destination>(() => KafkaDestination.Open(settings)))
                {
                    FromSetting = "Banking:Publishing:Kafka:From",
                },
            ];

    public Task<IReadOnlyList<DestinationSpec>> ListAsync(CancellationToken ct) => Task.FromResult(_specs);
}
