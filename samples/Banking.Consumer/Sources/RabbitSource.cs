using System.Runtime.CompilerServices;
using System.Threading.Channels;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using RabbitMQ.Client.Exceptions;

namespace Banking.Consumer.Sources;

/// <summary>
/// A RabbitMQ queue. It keeps the order as long as one consumer reads it. An acknowledged event is gone from it: a book in memory is
/// whole only if it reads the queue from its first event on.
/// </summary>
public sealed class RabbitSource(Uri uri, string queue) : IEventSource
{
    private const ushort Prefetch = 500;

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    public async IAsyncEnumerable<Delivery> ReadAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        while (true)
        {
            await using (var reading = await Reading.StartAsync(uri, queue, cancellation))
            {
                // One that broke is begun anew, as often as it takes: what was not acknowledged by then is delivered again.
                while (reading is not null && await reading.NextAsync(cancellation) is { } delivery)
                {
                    yield return delivery;
                }
            }

            await Task.Delay(Pause, TimeProvider.System, cancellation);
        }
    }

    /// <summary>One connection and what comes over it.</summary>
    private sealed class Reading : IAsyncDisposable
    {
        private readonly IConnection _connection;
        private readonly IChannel _channel;

        // It never holds more than the broker hands out ahead.
        private readonly Channel<Delivery> _deliveries = Channel.CreateUnbounded<Delivery>(new() { SingleReader = true });

        private Reading(IConnection connection, IChannel channel) => (_connection, _channel) = (connection, channel);

        /// <summary>Null where the broker is not there.</summary>
        public static async Task<Reading?> StartAsync(Uri uri, string queue, CancellationToken cancellation)
        {
            IConnection? connection = null;
            try
            {
                // A connection that comes back by itself would leave it open which deliveries still can be acknowledged.
                var factory = new ConnectionFactory
                {
                    Uri = uri,
                    ClientProvidedName = "Banking.Consumer",
                    AutomaticRecoveryEnabled = false,
                };
                connection = await factory.CreateConnectionAsync(cancellation);
                var channel = await connection.CreateChannelAsync(cancellationToken: cancellation);
                var reading = new Reading(connection, channel);
                await reading.ConsumeAsync(queue, cancellation);
                return reading;
            }
            catch (Exception e) when (e is BrokerUnreachableException or AlreadyClosedException or IOException or TimeoutException)
            {
                await (connection?.DisposeAsync() ?? default);
                return null;
            }
        }

        /// <summary>The next one; null where the connection broke.</summary>
        /// <exception cref="IOException">The queue is gone: from here that would look like silence.</exception>
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
                // The client reuses the body's memory when this returns.
                var delivery = new Delivery(received.Body.ToArray(), () => AcknowledgeAsync(received.DeliveryTag, cancellation));
                await _deliveries.Writer.WriteAsync(delivery, cancellation);
            };
            consumer.UnregisteredAsync += (_, _) => End(_channel.IsOpen ? new IOException($"The queue {queue} is gone.") : null);
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
                // It comes again, and is known by then.
            }
        }

        private Task End(Exception? why)
        {
            _deliveries.Writer.TryComplete(why);
            return Task.CompletedTask;
        }
    }
}
