using System.Text;
using System.Threading.Channels;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace Banking.Testing.Brokers.Tests;

/// <summary>A consumer with its own channel.</summary>
internal sealed class Reader : IAsyncDisposable
{
    private readonly IChannel _channel;
    private readonly Channel<string> _messages = Channel.CreateUnbounded<string>();

    private Reader(IChannel channel) => _channel = channel;

    public int Waiting => _messages.Reader.Count;

    public static async Task<Reader> StartAsync(IConnection connection, string queue)
    {
        var reader = new Reader(await connection.CreateChannelAsync());
        var consumer = new AsyncEventingBasicConsumer(reader._channel);
        consumer.ReceivedAsync += async (_, message) =>
        {
            await reader._messages.Writer.WriteAsync(Encoding.UTF8.GetString(message.Body.Span));
            await reader._channel.BasicAckAsync(message.DeliveryTag, multiple: false);
        };
        await reader._channel.BasicConsumeAsync(queue, autoAck: false, consumer);
        return reader;
    }

    public async Task<string> NextAsync()
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        return await _messages.Reader.ReadAsync(timeout.Token);
    }

    public ValueTask DisposeAsync() => _channel.DisposeAsync();
}
