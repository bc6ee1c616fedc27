using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace Banking.Testing.Brokers.Tests;

/// <summary>One broker for all tests of the class, because a start takes seconds. The tests of a class run sequentially.</summary>
public sealed class RabbitFixture : IAsyncLifetime
{
    private RabbitServer? _server;

    public RabbitServer Server
    {
        get
        {
            Assert.SkipWhen(_server is null, RabbitServer.Missing ?? "");
            return _server!;
        }
    }

    public async ValueTask InitializeAsync() => _server = RabbitServer.Missing is null ? await RabbitServer.StartAsync() : null;

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }
    }
}

public sealed class RabbitServerTests(RabbitFixture fixture) : IClassFixture<RabbitFixture>
{
    private static readonly CreateChannelOptions Confirmed = new(
        publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true);
    private static readonly BasicProperties Persistent = new() { Persistent = true };

    [Fact]
    public async Task A_confirmed_message_survives_kill_9()
    {
        var server = fixture.Server;
        var uri = server.AmqpUri;
        await using (var connection = await ConnectAsync(uri))
        await using (var channel = await connection.CreateChannelAsync(Confirmed))
        {
            await DeclareAsync(channel, "kept");
            await server.UntilRecordedAsync("kept");
            await PublishAsync(channel, "kept", "hello");
            await server.KillAsync();
            await Assert.ThrowsAsync<BrokerUnreachableException>(() => ConnectAsync(uri));
        }

        await server.StartAgainAsync();

        Assert.Equal(uri, server.AmqpUri);
        await using var again = await ConnectAsync(uri);
        await using var reading = await again.CreateChannelAsync();
        Assert.Equal("hello", await GetAsync(reading, "kept"));
    }

    [Fact]
    public async Task A_full_queue_refuses_what_is_published()
    {
        await using var connection = await ConnectAsync(fixture.Server.AmqpUri);
        await using var channel = await connection.CreateChannelAsync(Confirmed);
        await DeclareAsync(channel, "full", ("x-max-length", 1), ("x-overflow", "reject-publish"));

        await Assert.ThrowsAsync<PublishException>(async () =>
        {
            // A quorum queue enforces its limit loosely: it accepts a few more messages.
            for (var i = 0; i < 100; i++)
            {
                await PublishAsync(channel, "full", "more");
            }
        });
    }

    [Fact]
    public async Task A_rejected_message_goes_to_the_dead_letters_at_least_once()
    {
        await using var connection = await ConnectAsync(fixture.Server.AmqpUri);
        await using var channel = await connection.CreateChannelAsync(Confirmed);
        await DeclareAsync(channel, "dead");
        await DeclareAsync(
            channel,
            "work",
            ("x-overflow", "reject-publish"),
            ("x-dead-letter-strategy", "at-least-once"),
            ("x-dead-letter-exchange", ""),
            ("x-dead-letter-routing-key", "dead"));
        await PublishAsync(channel, "work", "poison");

        var got = await channel.BasicGetAsync("work", autoAck: false);
        await channel.BasicNackAsync(got!.DeliveryTag, multiple: false, requeue: false);

        Assert.Equal("poison", await GetAsync(channel, "dead"));
    }

    [Fact]
    public async Task A_second_consumer_gets_messages_only_when_the_first_has_gone()
    {
        await using var connection = await ConnectAsync(fixture.Server.AmqpUri);
        await using var channel = await connection.CreateChannelAsync(Confirmed);
        await DeclareAsync(channel, "single", ("x-single-active-consumer", true));
        await using var first = await Reader.StartAsync(connection, "single");
        await using var second = await Reader.StartAsync(connection, "single");

        for (var i = 0; i < 10; i++)
        {
            await PublishAsync(channel, "single", $"{i}");
            Assert.Equal($"{i}", await first.NextAsync());
        }

        Assert.Equal(0, second.Waiting);
        await first.DisposeAsync();
        await PublishAsync(channel, "single", "last");
        Assert.Equal("last", await second.NextAsync());
    }

    [Fact]
    public async Task A_message_whose_confirmation_is_lost_on_the_way_is_there()
    {
        await using var proxy = new TcpProxy(fixture.Server.Port);
        await using var connection = await ConnectAsync(RabbitServer.UriOf(proxy.Port));
        await using var channel = await connection.CreateChannelAsync(Confirmed);
        await DeclareAsync(channel, "unconfirmed");

        var cut = proxy.CloseAfterResponseBytes(0, request => request.Span.IndexOf("in doubt"u8) >= 0);
        await Assert.ThrowsAnyAsync<Exception>(() => PublishAsync(channel, "unconfirmed", "in doubt"));
        await cut;

        await using var other = await ConnectAsync(fixture.Server.AmqpUri);
        await using var reading = await other.CreateChannelAsync();
        Assert.Equal("in doubt", await GetAsync(reading, "unconfirmed"));
    }

    [Fact]
    public async Task It_leaves_no_process_no_port_and_no_folder_behind()
    {
        Assert.SkipWhen(RabbitServer.Missing is not null, RabbitServer.Missing ?? "");
        var server = await RabbitServer.StartAsync();
        var port = server.Port;
        var folder = server.Folder;
        Assert.NotEmpty(ProcessesOf(folder));

        await server.DisposeAsync();

        Assert.Empty(ProcessesOf(folder));
        Assert.False(Directory.Exists(folder));
        using var client = new TcpClient();
        await Assert.ThrowsAsync<SocketException>(() => client.ConnectAsync("127.0.0.1", port));
    }

    /// <summary>Finds the processes whose HOME is the folder. Processes that the broker starts inherit it.</summary>
    private static List<int> ProcessesOf(string folder)
    {
        var found = new List<int>();
        foreach (var process in Process.GetProcesses())
        {
            using (process)
            {
                try
                {
                    if (File.ReadAllText($"/proc/{process.Id}/environ").Contains($"HOME={folder}\0", StringComparison.Ordinal))
                    {
                        found.Add(process.Id);
                    }
                }
                catch (Exception e) when (e is IOException or UnauthorizedAccessException)
                {
                    // The process has ended or belongs to another user.
                }
            }
        }

        return found;
    }

    private static Task<IConnection> ConnectAsync(Uri uri) =>
        new ConnectionFactory { Uri = uri, AutomaticRecoveryEnabled = false }.CreateConnectionAsync();

    private static Task<QueueDeclareOk> DeclareAsync(IChannel channel, string queue, params (string Name, object? Value)[] more) =>
        channel.QueueDeclareAsync(
            queue,
            durable: true,
            exclusive: false,
            autoDelete: false,
            more.Append(("x-queue-type", "quorum")).ToDictionary(a => a.Item1, a => a.Item2));

    private static async Task PublishAsync(IChannel channel, string queue, string text) =>
        await channel.BasicPublishAsync("", queue, mandatory: true, Persistent, Encoding.UTF8.GetBytes(text));

    /// <summary>Waits up to 10 seconds for the next message of a queue.</summary>
    private static async Task<string> GetAsync(IChannel channel, string queue)
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        while (true)
        {
            if (await channel.BasicGetAsync(queue, autoAck: true, timeout.Token) is { } got)
            {
                return Encoding.UTF8.GetString(got.Body.Span);
            }
        }
    }
}
