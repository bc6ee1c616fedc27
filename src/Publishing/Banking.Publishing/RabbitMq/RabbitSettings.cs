using Banking.Publishing.Publishers;
using Microsoft.Extensions.Configuration;

namespace Banking.Publishing.RabbitMq;

/// <summary>Settings of RabbitMQ (Banking:Publishing:RabbitMq). Without Uri nothing is published to RabbitMQ.</summary>
public sealed record RabbitSettings
{
    /// <summary>The address: amqp://user:password@host:port/virtual-host, or amqps.</summary>
    public string Uri { get; init; } = "";

    /// <summary>The durable topic exchange. The routing key of a message is its event type.</summary>
    public string Exchange { get; init; } = "banking.events";

    /// <summary>
    /// Quorum queues to declare and bind, by name, with their routing keys; "#" for all events. Consumers that need the events of an
    /// account in order read one queue each (single active consumer). An event that no key matches is not published to RabbitMQ; one that a
    /// key matches must reach a queue, or it counts as not delivered.
    /// </summary>
    public IReadOnlyDictionary<string, string> Queues { get; init; } = new Dictionary<string, string>();

    /// <summary>Where a new exchange starts: beginning, now or a position of the log.</summary>
    public string? From { get; init; }

    /// <summary>Number of deliveries to consumers before a message is moved to the queue's dead letters.</summary>
    public int DeliveryLimit { get; init; } = 20;

    public static RabbitSettings Of(IConfigurationSection section)
    {
        var settings = section.Get<RabbitSettings>() ?? new();
        StartPosition.Parse(settings.From, section.Path);
        if (
            settings.Uri.Length > 0
            && !(System.Uri.TryCreate(settings.Uri, UriKind.Absolute, out var uri) && uri.Scheme is "amqp" or "amqps"))
        {
            throw new FormatException(
                $"{section.Path}:Uri is not a RabbitMQ address, such as amqp://user:password@host:port/virtual-host; "
                + "write special characters of a password as %XX.");
        }

        RoutingKeys.Check(settings.Queues, section.Path);
        return settings.Queues.Count > 0
            ? settings
            : settings with
            {
                Queues = new Dictionary<string, string> { [settings.Exchange] = "#" },
            };
    }
}

/// <summary>Whether the last delivery failed. It outlives the connection of that delivery.</summary>
internal sealed class DeliveryState
{
    public bool HasFailed { get; set; }
}

/// <summary>The source of the RabbitMQ destination, if it is configured.</summary>
internal sealed class RabbitSource : IDestinationSource
{
    public const string Kind = "rabbitmq";

    private readonly IReadOnlyList<DestinationSpec> _specs;

    public RabbitSource(RabbitSettings settings)
    {
        var (state, keys) = (new DeliveryState(), new RoutingKeys(settings.Queues.Values));
        _specs =
            settings.Uri.Length == 0
                ? []
                :
                [
                    new(Kind, Kind, StartPosition.Parse(settings.From, Kind), "", async ct =>
                        await RabbitDestination.OpenAsync(settings, state, ct))
                    {
                        FromSetting = "Banking:Publishing:RabbitMq:From",
                        Wants = e => keys.Match(e.Type),
                    },
                ];
    }

    public Task<IReadOnlyList<DestinationSpec>> ListAsync(CancellationToken ct) => Task.FromResult(_specs);
}
