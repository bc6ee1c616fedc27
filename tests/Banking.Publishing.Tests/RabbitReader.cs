using System.Collections.Concurrent;
using System.Text.Json;
using Banking.Testing;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace Banking.Publishing.Tests;

/// <summary>A message as a queue gave it.</summary>
internal sealed record Message(string RoutingKey, IReadOnlyBasicProperties Properties, string Text)
{
    public JsonElement Event => JsonElement.Parse(Text);
}

/// <summary>Consumes a queue, and takes what it is given or hands it back.</summary>
internal sealed class RabbitReader : IAsyncDisposable
{
    private readonly IConnection _connection;
    private readonly ConcurrentQueue<Message> _read = new();

    private RabbitReader(IConnection connection, IChannel channel) => (_connection, Channel) = (connection, channel);

    public IChannel Channel { get; }

    /// <summary>Everything it was given, in the order in which it came.</summary>
    public IReadOnlyList<Message> Read => [.. _read];

    public IEnumerable<JsonElement> Events => Read.Select(m => m.Event);

    /// <summary>A connection that consumes nothing yet.</summary>
    public static async Task<RabbitReader> ConnectAsync(Uri uri)
    {
        var connection = await new ConnectionFactory { Uri = uri, AutomaticRecoveryEnabled = false }.CreateConnectionAsync();
        return new(connection, await connection.CreateChannelAsync());
    }

    /// <param name="takes">Whether it takes a message; one that it does not take goes back into the queue. Each, where nothing is
    /// said.</param>
    public static async Task<RabbitReader> StartAsync(Uri uri, string queue, Func<Message, bool>? takes = null)
    {
        var reader = await ConnectAsync(uri);
        var consumer = new AsyncEventingBasicConsumer(reader.Channel);
        consumer.ReceivedAsync += async (_, given) =>
        {
            // The client reuses the body's memory when this returns.
            Message message = new(
                given.RoutingKey, new BasicProperties(given.BasicProperties), System.Text.Encoding.UTF8.GetString(given.Body.Span));
            reader._read.Enqueue(message);
            if (takes?.Invoke(message) ?? true)
            {
                await reader.Channel.BasicAckAsync(given.DeliveryTag, multiple: false);
            }
            else
            {
                await reader.Channel.BasicNackAsync(given.DeliveryTag, multiple: false, requeue: true);
            }
        };
        await reader.Channel.BasicConsumeAsync(queue, autoAck: false, consumer);
        return reader;
    }

    /// <summary>Returns when all of these have come, however often.</summary>
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
