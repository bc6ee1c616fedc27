using Banking.Publishing.Log;
using Banking.Publishing.Publishers;
using Banking.Web.Http;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace Banking.Publishing.RabbitMq;

/// <summary>
/// A topic exchange with quorum queues. All messages go over one channel in order, and the broker confirms each when a majority of the
/// queue's members has stored it. A message that no queue takes is returned, and counts as not delivered.
/// <para>
/// After the first failure the channel is closed and delivery restarts at the last checkpoint. Until a page succeeds, only one event of
/// each account is unconfirmed at a time. Otherwise a queue that is bound in the middle of a page, or has room again, could take a later
/// event after an earlier one was returned.
/// </para>
/// </summary>
internal sealed class RabbitDestination : Destination
{
    /// <summary>Number of unconfirmed messages: a whole page.</summary>
    private const int Window = PublicLog.PageSize;

    private static readonly TimeSpan ConfirmTimeout = TimeSpan.FromSeconds(15);

    private readonly RabbitSettings _settings;
    private readonly IConnection _connection;
    private readonly IChannel _channel;
    private readonly CachedString _exchange;
    private readonly RoutingKeys _keys;
    private readonly DeliveryState _state;
    private string? _blocked;

    private RabbitDestination(RabbitSettings settings, DeliveryState state, IConnection connection, IChannel channel)
    {
        (_settings, _state, _connection, _channel, _exchange) = (settings, state, connection, channel, new(settings.Exchange));
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

    public static async Task<RabbitDestination> OpenAsync(RabbitSettings settings, DeliveryState state, CancellationToken ct)
    {
        var factory = new ConnectionFactory
        {
            Uri = new(settings.Uri),
            ClientProvidedName = "banking",
            // With automatic recovery the client would send later messages after one that the broken connection lost.
            AutomaticRecoveryEnabled = false,
            TopologyRecoveryEnabled = false,
            RequestedHeartbeat = TimeSpan.FromSeconds(10),
            ContinuationTimeout = ConfirmTimeout,
        };
        IConnection? connection = null;
        try
        {
            connection = await factory.CreateConnectionAsync(ct);
            var channel = await connection.CreateChannelAsync(
                new(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true, new ThrottlingRateLimiter(2 * Window)),
                ct);
            await DeclareAsync(channel, settings, ct);
            return new(settings, state, connection, channel);
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

            throw new DestinationUnavailableException($"Cannot use RabbitMQ at {Address(settings)}: {Innermost(failure)}", failure);
        }
    }

    public override bool Wants(PublicEvent e) => e.IsForEveryone || _keys.Match(e.Type);

    public override async Task<IReadOnlyList<Rejected>> DeliverAsync(
        IReadOnlyList<PublicEvent> events, Action<string> reportProblem, CancellationToken ct)
    {
        try
        {
            foreach (var batch in _state.HasFailed ? InTurns(events) : [[.. events]])
            {
                await PublishAllAsync(batch, reportProblem, ct);
            }

            _state.HasFailed = false;
            return [];
        }
        catch (PublishException failure)
        {
            _state.HasFailed = true;
            throw new DestinationUnavailableException(
                failure.IsReturn
                    ? $"No queue is bound to the exchange {_settings.Exchange} for an event of this page; it was not published."
                    : "RabbitMQ rejected an event (negative confirm).",
                failure);
        }
        catch (Exception failure) when (failure is RabbitMQClientException or IOException or TimeoutException or ObjectDisposedException)
        {
            _state.HasFailed = true;
            throw new DestinationUnavailableException(
                $"The connection to RabbitMQ at {Address(_settings)} broke: {Innermost(failure)}", failure);
        }
    }

    /// <summary>Publishes events and returns when all are confirmed.</summary>
    private async Task PublishAllAsync(IReadOnlyList<PublicEvent> events, Action<string> reportProblem, CancellationToken ct)
    {
        var all = Task.WhenAll(events.Select(e => PublishAsync(e, ct)).ToArray());
        while (await Task.WhenAny(all, Task.Delay(ConfirmTimeout, ct)) != all)
        {
            ct.ThrowIfCancellationRequested();
            reportProblem(_blocked is { } reason
                ? $"RabbitMQ at {Address(_settings)} blocks publishers: {reason}"
                : throw new TimeoutException($"no message was confirmed for {ConfirmTimeout.TotalSeconds:0} s"));
        }

        await all;
    }

    /// <summary>Groups events by their turn: the first event of each account, then the second of each, and so on.</summary>
    private static List<List<PublicEvent>> InTurns(IReadOnlyList<PublicEvent> events)
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
    /// Publishes one event. Calls are made in order and not awaited in between: the client sends in the order of the calls. The task ends
    /// with the broker's confirm.
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
            Headers = new Dictionary<string, object?> { ["partitionkey"] = e.Subject, [LedgerEpochs.MessageHeader] = e.Epoch },
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
            // These two belong together: RabbitMQ moves dead letters at least once only with reject-publish. Without a length limit no
            // message is rejected.
            arguments["x-dead-letter-strategy"] = "at-least-once";
            arguments["x-overflow"] = "reject-publish";
            arguments["x-single-active-consumer"] = true;
            await channel.QueueDeclareAsync(queue, durable: true, exclusive: false, autoDelete: false, arguments, cancellationToken: ct);
            foreach (var key in keys.Split(' ', StringSplitOptions.RemoveEmptyEntries).Append(LogRestored.PublicType))
            {
                await channel.QueueBindAsync(queue, settings.Exchange, key, cancellationToken: ct);
            }
        }
    }

    private static Dictionary<string, object?> Quorum() => new() { ["x-queue-type"] = "quorum" };

    /// <summary>The address without the password.</summary>
    private static string Address(RabbitSettings settings) =>
        new Uri(settings.Uri) is var uri ? $"{uri.Host}{(uri.Port < 0 ? "" : $":{uri.Port}")}{uri.AbsolutePath}" : "";

    private static string Innermost(Exception failure) => failure.GetBaseException().Message;
}
