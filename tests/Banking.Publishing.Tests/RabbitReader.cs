using System.Collections.Concurrent;
using System.Text.Json;
using Banking.Testing;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace Banking.Publishing.Tests;

/// <summary>A message as received from a queue.</summary>
internal sealed record Message(string RoutingKey, IReadOnlyBasicProperties Properties, string Text)
{
    public JsonElement Event => JsonElement.Parse(Text);
}

/// <summary>Consumes a queue, and acknowledges or requeues each message.</summary>
internal sealed class RabbitReader : IAsyncDisposable
{
    private readonly IConnection _connection;
    private readonly ConcurrentQueue<Message> _received = new();

    private RabbitReader(IConnection connection, IChannel channel) => (_connection, Channel) = (connection, channel);

    public IChannel Channel { get; }

    /// <summary>All received messages in order of arrival.</summary>
    public IReadOnlyList<Message> Read => [.. _received];

    public IEnumerable<JsonElement> Events => Read.Select(m => m.Event);

    /// <summary>Connects without consuming a queue.</summary>
    public static async Task<RabbitReader> ConnectAsync(Uri uri)
    {
        var connection = await new ConnectionFactory { Uri = uri, AutomaticRecoveryEnabled = false }.CreateConnectionAsync();
        return new(connection, await connection.CreateChannelAsync());
    }

    /// <param name="takes">Decides whether a message is acknowledged; otherwise it is requeued. Without it, every message is
    /// acknowledged.</param>
    public static async Task<RabbitReader> StartAsync(Uri uri, string queue, Func<Message, bool>? takes = null)
    {
        var reader = await ConnectAsync(uri);
        var consumer = new AsyncEventingBasicConsumer(reader.Channel);
        consumer.ReceivedAsync += async (_, args) =>
        {
            // The client reuses the memory of the body after this handler returns.
            Message message = new(
                args.RoutingKey, new BasicProperties(args.BasicProperties), System.Text.Encoding.UTF8.GetString(args.Body.Span));
            reader._received.Enqueue(message);
            if (takes?.Invoke(message) ?? true)
            {
                await reader.Channel.BasicAckAsync(args.DeliveryTag, multiple: false);
            }
            else
            {
                await reader.Channel.BasicNackAsync(args.DeliveryTag, multiple: false, requeue: true);
            }
        };
        await reader.Channel.BasicConsumeAsync(queue, autoAck: false, consumer);
        return reader;
    }

    /// <summary>Returns when each of these events has arrived at least once.</summary>
    public Task UntilAsync(IReadOnlyList<JsonElement> events)
    {
        var ids = events.Select(e => e.Text("id")).ToHashSet();
        return Eventually.UntilAsync(() => ids.Except(Read.Select(m => m.Properties.MessageId!)).Count(), missing => missing == 0);
    }

    public async ValueTask DisposeAsync()
    {
        await Channel.DisposeAsync();
        await _connection.DisposeAsync();
    }
}
