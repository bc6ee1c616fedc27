using System.Runtime.CompilerServices;
using System.Threading.Channels;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using RabbitMQ.Client.Exceptions;

namespace Banking.Consumer.Sources;

/// <summary>
/// A RabbitMQ queue. It keeps the order with a single consumer. The queue deletes acknowledged events, so a book in memory is complete only
/// if it reads the queue from its first event.
/// </summary>
public sealed class RabbitSource(Uri uri, string queue) : IEventSource
{
    private const ushort Prefetch = 500;

    private static readonly TimeSpan ReconnectDelay = TimeSpan.FromSeconds(1);

    public async IAsyncEnumerable<Delivery> ReadAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        while (true)
        {
            await using (var subscription = await Subscription.StartAsync(uri, queue, cancellation))
            {
                // After a broken connection the source reconnects. The broker delivers unacknowledged events again.
                while (subscription is not null && await subscription.NextAsync(cancellation) is { } delivery)
                {
                    yield return delivery;
                }
            }

            await Task.Delay(ReconnectDelay, TimeProvider.System, cancellation);
        }
    }

    /// <summary>One connection and its deliveries.</summary>
    private sealed class Subscription : IAsyncDisposable
    {
        private readonly IConnection _connection;
        private readonly IChannel _channel;

        // The broker's prefetch count limits its size.
        private readonly Channel<Delivery> _deliveries = Channel.CreateUnbounded<Delivery>(new() { SingleReader = true });

        private Subscription(IConnection connection, IChannel channel) => (_connection, _channel) = (connection, channel);

        /// <summary>Connects and subscribes. Null if the broker is unavailable.</summary>
        public static async Task<Subscription?> StartAsync(Uri uri, string queue, CancellationToken cancellation)
        {
            IConnection? connection = null;
            try
            {
                // Without automatic recovery, because after it the client cannot tell which deliveries can still be acknowledged.
                var factory = new ConnectionFactory
                {
                    Uri = uri,
                    ClientProvidedName = "Banking.Consumer",
                    AutomaticRecoveryEnabled = false,
                };
                connection = await factory.CreateConnectionAsync(cancellation);
                var channel = await connection.CreateChannelAsync(cancellationToken: cancellation);
                var subscription = new Subscription(connection, channel);
                await subscription.ConsumeAsync(queue, cancellation);
                return subscription;
            }
            catch (Exception e) when (e is BrokerUnreachableException or AlreadyClosedException or IOException or TimeoutException)
            {
                await (connection?.DisposeAsync() ?? default);
                return null;
            }
        }

        /// <summary>Waits for the next delivery. Null if the connection broke.</summary>
        /// <exception cref="IOException">The queue was deleted. It must not look like a queue without events.</exception>
        public async Task<Delivery?> NextAsync(CancellationToken cancellation) =>
            await _deliveries.Reader.WaitToReadAsync(cancellation) && _deliveries.Reader.TryRead(out var delivery) ? delivery : null;

        public async ValueTask DisposeAsync()
        {
            await _channel.DisposeAsync();
            await _connection.DisposeAsync();
        }

        private async Task ConsumeAsync(string queue, CancellationToken cancellation)
        {
            await _channel.BasicQosAsync(prefetchSize: 0, Prefetch, global: false, cancellation);
            var consumer = new AsyncEventingBasicConsumer(_channel);
            consumer.ReceivedAsync += async (_, received) =>
            {
                // Copy the body, because the client reuses its memory after this handler.
                var delivery = new Delivery(received.Body.ToArray(), () => AcknowledgeAsync(received.DeliveryTag, cancellation));
                await _deliveries.Writer.WriteAsync(delivery, cancellation);
            };
            consumer.UnregisteredAsync += (_, _) => End(_channel.IsOpen ? new IOException($"The queue {queue} was deleted.") : null);
            _channel.ChannelShutdownAsync += (_, shutdown) => End(_connection.IsOpen ? new IOException(shutdown.ReplyText) : null);
            await _channel.BasicConsumeAsync(queue, autoAck: false, consumer, cancellation);
        }

        private async ValueTask AcknowledgeAsync(ulong tag, CancellationToken cancellation)
        {
            try
            {
                await _channel.BasicAckAsync(tag, multiple: false, cancellation);
            }
            catch (Exception e) when (e is AlreadyClosedException or IOException)
            {
                // The broker delivers the event again, and the book ignores it as a duplicate.
            }
        }

        private Task End(Exception? reason)
        {
            _deliveries.Writer.TryComplete(reason);
            return Task.CompletedTask;
        }
    }
}
