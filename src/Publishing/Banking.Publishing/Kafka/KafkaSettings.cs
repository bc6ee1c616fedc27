using Banking.Publishing.Publishers;
using Microsoft.Extensions.Configuration;

namespace Banking.Publishing.Kafka;

/// <summary>Banking:Publishing:Kafka; nothing is published there without BootstrapServers.</summary>
public sealed record KafkaSettings
{
    /// <summary>host:port, several separated by commas.</summary>
    public string BootstrapServers { get; init; } = "";

    public string Topic { get; init; } = "banking.events";

    /// <summary>
    /// How many partitions the topic has. Accounts are spread over them by their id, so another number would send an account elsewhere and
    /// lose its order: a topic that has another number is refused. Null takes what is there, and makes twelve where there is no topic.
    /// </summary>
    public int? Partitions { get; init; }

    /// <summary>-1 for what the cluster holds to be right.</summary>
    public short ReplicationFactor { get; init; } = -1;

    /// <summary>Whether a topic that is not there is made. Without, it is an error.</summary>
    public bool CreateTopic { get; init; } = true;

    /// <summary>beginning, now or a position of the log: where a topic begins that was never published to.</summary>
    public string? From { get; init; }

    /// <summary>Anything else of the client, by its own names: security.protocol, sasl.username …</summary>
    public IReadOnlyDictionary<string, string> Client { get; init; } = new Dictionary<string, string>();

    /// <summary>What order and completeness rest on, under all its names.</summary>
    private static readonly string[] Promised =
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
        ArgumentNullException.ThrowIfNull(section);
        var client = section
            .GetSection("Client")
            .AsEnumerable(makePathsRelative: true)
            .Where(p => p.Value is not null)
            .ToDictionary(p => p.Key, p => p.Value!);
        if (client.Keys.FirstOrDefault(k => Promised.Contains(k, StringComparer.OrdinalIgnoreCase)) is { } promised)
        {
            throw new FormatException($"{section.Path}:Client:{promised} cannot be set: that nothing is lost or out of order rests on it.");
        }

        var settings = (section.Get<KafkaSettings>() ?? new()) with { Client = client };
        if (settings is not { Partitions: null or > 0, ReplicationFactor: -1 or > 0 })
        {
            throw new FormatException($"{section.Path}: Partitions is above 0, and ReplicationFactor too, or -1.");
        }

        StartPosition.Parse(settings.From, section.Path);
        return settings;
    }
}

/// <summary>Kafka, where it is configured.</summary>
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
