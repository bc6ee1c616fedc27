using System.Text.Json;
using System.Text.Json.Nodes;
using Banking.Testing;
using Banking.Testing.Brokers;
using RabbitMQ.Client;

namespace Banking.Incoming.Tests;

/// <summary>A private RabbitMQ broker and a service that sends to it.</summary>
public sealed class Broker : IAsyncLifetime
{
    private IConnection? _connection;
    private IChannel? _channel;

    public RabbitServer Server { get; private set; } = null!;

    public Uri Uri => Server.AmqpUri;

    private IChannel Channel => _channel!;

    public async ValueTask InitializeAsync()
    {
        if (RabbitServer.Missing is null)
        {
            Server = await RabbitServer.StartAsync();
            _connection = await new ConnectionFactory { Uri = Uri }.CreateConnectionAsync();
            _channel = await _connection.CreateChannelAsync(new(true, true));
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (Server is not null)
        {
            await _channel!.DisposeAsync();
            await _connection!.DisposeAsync();
            await Server.DisposeAsync();
        }
    }

    /// <summary>Skips the test on a machine without RabbitMQ.</summary>
    public static void Require() => Assert.SkipWhen(RabbitServer.Missing is not null, RabbitServer.Missing ?? "");

    public Task DeclareAsync(string queue) => Channel.QueueDeclareAsync(queue, durable: true, exclusive: false, autoDelete: false);

    public async Task<uint> CountAsync(string queue) => (await Channel.QueueDeclarePassiveAsync(queue)).MessageCount;

    public async Task SendAsync(string queue, string? type, ReadOnlyMemory<byte> body, Action<BasicProperties>? change = null)
    {
        var properties = new BasicProperties { Persistent = true, ContentType = "application/json" };
        if (type is not null)
        {
            properties.Type = type;
        }

        change?.Invoke(properties);
        await Channel.BasicPublishAsync("", queue, mandatory: true, properties, body);
    }

    public Task SendAsync(string queue, string type, JsonObject command, Action<BasicProperties>? change = null) =>
        SendAsync(queue, type, JsonSerializer.SerializeToUtf8Bytes(command), change);

    /// <summary>Takes the next message of a queue, waiting for it.</summary>
    public async Task<BasicGetResult> TakeAsync(string queue) =>
        (await Eventually.UntilAsync<BasicGetResult?>(() => Channel.BasicGetAsync(queue, autoAck: true), message => message is not null))!;

    public Task SendWithTokenAsync(string queue, string type, JsonObject command, string? token) => SendAsync(
        queue,
        type,
        command,
        p => p.Headers = token is null ? null : new Dictionary<string, object?> { ["authorization"] = "Bearer " + token });
}
