using Banking.Publishing.Publishers;
using Banking.Publishing.Log;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace Banking.Publishing.RabbitMq;

/// <summary>
/// A topic exchange in front of quorum queues. Everything goes over one channel, in order, and each message is confirmed by the broker once
/// a majority of the queue's members has it on disk; one that no queue takes is returned and counts as not delivered. After the first
/// failure the channel is closed and all of it begins again where everything had been confirmed, with one event of each account under way
/// at a time until a page has gone through: a queue that is bound, or has room again, in the midst of a page must not be given a later
/// event after an earlier one was sent back.
/// </summary>
internal sealed class RabbitDestination : Destination
{
    /// <summary>Unconfirmed at once: the whole of a page.</summary>
    private const int Window = PublicLog.PageSize;

    private static readonly TimeSpan RetryPolicy = TimeSpan.FromSeconds(15);

    private readonly RabbitSettings _settings;
    private readonly IConnection _connection;
    private readonly IChannel _channel;
    private readonly CachedString _exchange;
    private readonly RoutingKeys _keys;
    private readonly Care _care;
    private string? _blocked;

    private RabbitDestination(RabbitSettings settings, Care care, IConnection connection, IChannel channel)
    {
        (_settings, _care, _connection, _channel, _exchange) = (settings, care, connection, channel, new(settings.Exchange));
        _keys = new(settings.Queues.Values);
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

    public static async Task<RabbitDestination> OpenAsync(RabbitSettings settings, Care care, CancellationToken ct)
    {
        var factory = new ConnectionFactory
        {
            Uri = new(settings.Uri),
            ClientProvidedName = "banking",
            // A connection that comes back by itself would go on after a message that was lost with the one before.
            AutomaticRecoveryEnabled = false,
            TopologyRecoveryEnabled = false,
            RequestedHeartbeat = TimeSpan.FromSeconds(10),
            ContinuationTimeout = RetryPolicy,
        };
        IConnection? connection = null;
        try
        {
            connection = await factory.CreateConnectionAsync(ct);
            var channel = await connection.CreateChannelAsync(
                new(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true, new ThrottlingRateLimiter(2 * Window)),
                ct);
            await DeclareAsync(channel, settings, ct);
            return new(settings, care, connection, channel);
        }
        catch (Exception failure)
        {
            if (connection is not null)
            {
                await connection.DisposeAsync();
            }

            if (failure is not (RabbitMQClientException or IOException or TimeoutException))
            {
                throw;
            }

            throw new DestinationUnavailableException($"RabbitMQ cannot be used at {Address(settings)}: {Innermost(failure)}", failure);
        }
    }

    public override bool Wants(PublicEvent e) => _keys.Match(e.Type);

    public override async Task<IReadOnlyList<Rejected>> DeliverAsync(
        IReadOnlyList<PublicEvent> events, Action<string> trouble, CancellationToken ct)
    {
        try
        {
            foreach (var together in _care.Needed ? InTurn(events) : [[.. events]])
            {
                await ConfirmedAsync(together, trouble, ct);
            }

            _care.Needed = false;
            return [];
        }
        catch (PublishException failure)
        {
            _care.Needed = true;
            throw new DestinationUnavailableException(
                failure.IsReturn
                    ? $"No queue is bound to the exchange {_settings.Exchange} that takes events like one of these; it was not published."
                    : "RabbitMQ did not take an event (negative confirm).",
                failure);
        }
        catch (Exception failure) when (failure is RabbitMQClientException or IOException or TimeoutException or ObjectDisposedException)
        {
            _care.Needed = true;
            throw new DestinationUnavailableException(
                $"The connection to RabbitMQ at {Address(_settings)} broke: {Innermost(failure)}", failure);
        }
    }

    /// <summary>Returns when all are confirmed.</summary>
    private async Task ConfirmedAsync(IReadOnlyList<PublicEvent> events, Action<string> trouble, CancellationToken ct)
    {
        var all = Task.WhenAll(events.Select(e => PublishAsync(e, ct)).ToArray());
        while (await Task.WhenAny(all, Task.Delay(RetryPolicy, ct)) != all)
        {
            ct.ThrowIfCancellationRequested();
            trouble(_blocked is { } why
                ? $"RabbitMQ at {Address(_settings)} takes nothing at the moment: {why}"
                : throw new TimeoutException($"nothing was confirmed for {RetryPolicy.TotalSeconds:0} s"));
        }

        await all;
    }

    /// <summary>The first event of each account, then the second of each …</summary>
    private static List<List<PublicEvent>> InTurn(IReadOnlyList<PublicEvent> events)
    {
        var turns = new List<List<PublicEvent>>();
        var next = new Dictionary<Guid, int>();
        foreach (var e in events)
        {
            var turn = next.GetValueOrDefault(e.Stream);
            next[e.Stream] = turn + 1;
            if (turn == turns.Count)
            {
                turns.Add([]);
            }

            turns[turn].Add(e);
        }

        return turns;
    }

    public override async ValueTask DisposeAsync()
    {
        await _connection.AbortAsync();
        await _channel.DisposeAsync();
        await _connection.DisposeAsync();
        await base.DisposeAsync();
    }

    /// <summary>
    /// Called one after the other and not awaited between: the client sends in the order of the calls, and the task is done when the
    /// confirm is there.
    /// </summary>
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
            // Both go together: dead letters are moved as safely as messages are published. Without a length limit nothing is ever
            // rejected.
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
    private static string Address(RabbitSettings settings) =>
        new Uri(settings.Uri) is var uri ? $"{uri.Host}:{uri.Port}{uri.AbsolutePath}" : "";

    private static string Innermost(Exception failure) => failure.GetBaseException().Message;
}
