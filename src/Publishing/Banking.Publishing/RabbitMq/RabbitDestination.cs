using Banking.Platform.Publication;
using Banking.Publishing.Lanes;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace Banking.Publishing.RabbitMq;

/// <summary>
/// A topic exchange in front of quorum queues. Everything goes over one channel, in order, and each message is confirmed by the broker once a majority
/// of the queue's members has it on disk; one that no queue takes is returned and counts as not delivered. After the first failure the channel is
/// closed and all of it begins again where everything had been confirmed.
/// </summary>
internal sealed class RabbitDestination : Destination
{
    /// <summary>Unconfirmed at once: the whole of a page.</summary>
    private const int Window = PublicLog.PageSize;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    private readonly RabbitSettings _settings;
    private readonly IConnection _connection;
    private readonly IChannel _channel;
    private readonly CachedString _exchange;
    private string? _blocked;

    private RabbitDestination(RabbitSettings settings, IConnection connection, IChannel channel)
    {
        (_settings, _connection, _channel, _exchange) = (settings, connection, channel, new(settings.Exchange));
        connection.ConnectionBlockedAsync += (_, e) =>
        {
            _blocked = e.Reason;
            return Task.CompletedTask;
        };
        connection.ConnectionUnblockedAsync += (_, _) =>
        {
            _blocked = null;
            return Task.CompletedTask;
        };
    }

    public static async Task<RabbitDestination> OpenAsync(RabbitSettings settings, CancellationToken ct)
    {
        var factory = new ConnectionFactory
        {
            Uri = new(settings.Uri),
            ClientProvidedName = "banking",
            // A connection that comes back by itself would go on after a message that was lost with the one before.
            AutomaticRecoveryEnabled = false,
            TopologyRecoveryEnabled = false,
            RequestedHeartbeat = TimeSpan.FromSeconds(10),
            ContinuationTimeout = Patience,
        };
        IConnection? connection = null;
        try
        {
            connection = await factory.CreateConnectionAsync(ct);
            var channel = await connection.CreateChannelAsync(
                new(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true, new ThrottlingRateLimiter(2 * Window)), ct);
            await DeclareAsync(channel, settings, ct);
            return new(settings, connection, channel);
        }
        catch (Exception failure) when (failure is RabbitMQClientException or IOException or TimeoutException)
        {
            if (connection is not null)
            {
                await connection.DisposeAsync();
            }

            throw new DestinationUnavailableException($"RabbitMQ cannot be used at {Address(settings)}: {Innermost(failure)}", failure);
        }
    }

    public override async Task<IReadOnlyList<Rejected>> DeliverAsync(IReadOnlyList<PublicEvent> events, Action<string> trouble, CancellationToken ct)
    {
        var confirms = new Task[events.Count];
        for (var i = 0; i < events.Count; i++)
        {
            confirms[i] = PublishAsync(events[i], ct);
        }

        var all = Task.WhenAll(confirms);
        try
        {
            while (await Task.WhenAny(all, Task.Delay(Patience, ct)) != all)
            {
                ct.ThrowIfCancellationRequested();
                if (_blocked is null)
                {
                    throw new DestinationUnavailableException($"RabbitMQ at {Address(_settings)} has not confirmed what was published for {Patience.TotalSeconds:0} s.");
                }

                trouble($"RabbitMQ at {Address(_settings)} takes nothing at the moment: {_blocked}");
            }

            await all;
            return [];
        }
        catch (PublishException failure)
        {
            throw new DestinationUnavailableException(
                failure.IsReturn
                    ? $"No queue is bound to the exchange {_settings.Exchange} that takes events like one of these; it was not published."
                    : "RabbitMQ did not take an event (negative confirm).",
                failure);
        }
        catch (Exception failure) when (failure is RabbitMQClientException or IOException or TimeoutException or ObjectDisposedException)
        {
            throw new DestinationUnavailableException($"The connection to RabbitMQ at {Address(_settings)} broke: {Innermost(failure)}", failure);
        }
    }

    public override async ValueTask DisposeAsync()
    {
        await _connection.AbortAsync();
        await _channel.DisposeAsync();
        await _connection.DisposeAsync();
        await base.DisposeAsync();
    }

    /// <summary>Called one after the other and not awaited between: the client sends in the order of the calls, and the task is done when the confirm is there.</summary>
    private Task PublishAsync(PublicEvent e, CancellationToken ct) => _channel.BasicPublishAsync(
        _exchange,
        new CachedString(e.Type),
        mandatory: true,
        new BasicProperties
        {
            Persistent = true,
            MessageId = e.Id,
            Type = e.Type,
            ContentType = PublicEvent.ContentType,
            ContentEncoding = "utf-8",
            Timestamp = new(e.Time.ToUnixTimeSeconds()),
            Headers = new Dictionary<string, object?> { ["partitionkey"] = e.Subject },
        },
        e.Json,
        ct).AsTask();

    private static async Task DeclareAsync(IChannel channel, RabbitSettings settings, CancellationToken ct)
    {
        await channel.ExchangeDeclareAsync(settings.Exchange, ExchangeType.Topic, durable: true, autoDelete: false, cancellationToken: ct);
        var dead = settings.Exchange + ".dead";
        await channel.ExchangeDeclareAsync(dead, ExchangeType.Fanout, durable: true, autoDelete: false, cancellationToken: ct);
        await channel.QueueDeclareAsync(dead, durable: true, exclusive: false, autoDelete: false, Quorum(), cancellationToken: ct);
        await channel.QueueBindAsync(dead, dead, "", cancellationToken: ct);
        foreach (var (queue, keys) in settings.Queues)
        {
            var arguments = Quorum();
            arguments["x-delivery-limit"] = settings.DeliveryLimit;
            arguments["x-dead-letter-exchange"] = dead;
            // Both go together: dead letters are moved as safely as messages are published. Without a length limit nothing is ever rejected.
            arguments["x-dead-letter-strategy"] = "at-least-once";
            arguments["x-overflow"] = "reject-publish";
            arguments["x-single-active-consumer"] = true;
            await channel.QueueDeclareAsync(queue, durable: true, exclusive: false, autoDelete: false, arguments, cancellationToken: ct);
            foreach (var key in keys.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            {
                await channel.QueueBindAsync(queue, settings.Exchange, key, cancellationToken: ct);
            }
        }
    }

    private static Dictionary<string, object?> Quorum() => new() { ["x-queue-type"] = "quorum" };

    /// <summary>Without the password.</summary>
    private static string Address(RabbitSettings settings) => new Uri(settings.Uri) is var uri ? $"{uri.Host}:{uri.Port}{uri.AbsolutePath}" : "";

    private static string Innermost(Exception failure) => failure.GetBaseException().Message;
}
