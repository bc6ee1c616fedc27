using System.Runtime.CompilerServices;
using System.Threading.Channels;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace Banking.Consumer.Sources;

/// <summary>
/// A RabbitMQ queue. It keeps the order as long as one consumer reads it. An acknowledged event is gone from it: a book in memory is
/// whole only if it reads the queue from its first event on.
/// </summary>
public sealed class RabbitSource(Uri uri, string queue) : IEventSource
{
    private const ushort Prefetch = 500;

    public async IAsyncEnumerable<Delivery> ReadAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        // The client connects again by itself; what was not acknowledged by then is delivered again.
        var factory = new ConnectionFactory { Uri = uri, ClientProvidedName = "Banking.Consumer" };
        await using var connection = await factory.CreateConnectionAsync(cancellation);
        await using var channel = await connection.CreateChannelAsync(cancellationToken: cancellation);
        await channel.BasicQosAsync(prefetchSize: 0, Prefetch, global: false, cancellation);

        // It never holds more than the broker hands out ahead.
        var deliveries = Channel.CreateUnbounded<Delivery>(new() { SingleReader = true });
        var consumer = new AsyncEventingBasicConsumer(channel);
        consumer.ReceivedAsync += async (_, received) =>
        {
            // The client reuses the body's memory when this returns.
            var delivery = new Delivery(received.Body.ToArray(), () => channel.BasicAckAsync(received.DeliveryTag, multiple: false, cancellation));
            await deliveries.Writer.WriteAsync(delivery, cancellation);
        };
        // Neither comes back by itself, and from here both would look like silence.
        consumer.UnregisteredAsync += (_, _) => End($"The queue {queue} is gone.");
        channel.ChannelShutdownAsync += (_, shutdown) => connection.IsOpen ? End(shutdown.ReplyText) : Task.CompletedTask;

        await channel.BasicConsumeAsync(queue, autoAck: false, consumer, cancellation);
        await foreach (var delivery in deliveries.Reader.ReadAllAsync(cancellation))
        {
            yield return delivery;
        }

        Task End(string why)
        {
            deliveries.Writer.TryComplete(new IOException(why));
            return Task.CompletedTask;
        }
    }
}
