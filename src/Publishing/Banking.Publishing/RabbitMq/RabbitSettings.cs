using Banking.Publishing.Publishers;
using Microsoft.Extensions.Configuration;

namespace Banking.Publishing.RabbitMq;

/// <summary>Banking:Publishing:RabbitMq; nothing is published there without Uri.</summary>
public sealed record RabbitSettings
{
    /// <summary>amqp://user:password@host:port/virtual-host, or amqps.</summary>
    public string Uri { get; init; } = "";

    /// <summary>A durable topic exchange; the routing key is the type of event.</summary>
    public string Exchange { get; init; } = "banking.events";

    /// <summary>
    /// Quorum queues that are made and bound, by name, with the routing keys that each wants: "#" for all. Consumers who need an account's
    /// events in order read one queue alone (single active consumer). An event that none of these keys wants is not published here; one
    /// that is wanted must find a queue, or it counts as not delivered.
    /// </summary>
    public IReadOnlyDictionary<string, string> Queues { get; init; } = new Dictionary<string, string>();

    /// <summary>beginning, now or a position of the log: where an exchange begins that was never published to.</summary>
    public string? From { get; init; }

    /// <summary>How often a queue offers a message to its consumers before it is moved to the queue's dead letters.</summary>
    public int DeliveryLimit { get; init; } = 20;

    public static RabbitSettings Of(IConfigurationSection section)
    {
        ArgumentNullException.ThrowIfNull(section);
        var settings = section.Get<RabbitSettings>() ?? new();
        StartPosition.Parse(settings.From, section.Path);
        if (
            settings.Uri.Length > 0
            && !(System.Uri.TryCreate(settings.Uri, UriKind.Absolute, out var uri) && uri.Scheme is "amqp" or "amqps"))
        {
            throw new FormatException(
                $"{section.Path}:Uri is no address of RabbitMQ, amqp://user:password@host:port/virtual-host; what is special in a password is written as %XX."
            );
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

/// <summary>Whether the last delivery failed: outlives the connection that it failed on.</summary>
internal sealed class Care
{
    public bool Needed { get; set; }
}

/// <summary>RabbitMQ, where it is configured.</summary>
internal sealed class RabbitSource : IDestinationSource
{
    public const string Kind = "rabbitmq";

    private readonly IReadOnlyList<DestinationSpec> _specs;

    public RabbitSource(RabbitSettings settings)
    {
        var care = new Care();
        _specs =
            settings.Uri.Length == 0
                ? []
                :
                [
                    new(Kind, Kind, StartPosition.Parse(settings.From, Kind), "", async ct =>
                        await RabbitDestination.OpenAsync(settings, care, ct))
                    {
                        FromSetting = "Banking:Publishing:RabbitMq:From",
                    },
                ];
    }

    public Task<IReadOnlyList<DestinationSpec>> ListAsync(CancellationToken ct) => Task.FromResult(_specs);
}
