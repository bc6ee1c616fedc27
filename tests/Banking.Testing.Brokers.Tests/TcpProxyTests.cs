using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Banking.Testing.Brokers.Tests;

public sealed class TcpProxyTests : IAsyncDisposable
{
    private readonly EchoServer _server = new();
    private readonly TcpProxy _proxy;

    public TcpProxyTests() => _proxy = new(_server.Port);

    public async ValueTask DisposeAsync()
    {
        await _proxy.DisposeAsync();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task Open_it_passes_on_both_ways()
    {
        using var client = await ConnectAsync();

        Assert.Equal("hello", await AskAsync(client, "hello"));
    }

    [Fact]
    public async Task Open_it_passes_on_more_than_any_buffer_holds()
    {
        using var client = await ConnectAsync();
        var sent = new byte[3_000_000];
        Random.Shared.NextBytes(sent);

        var sending = Task.Run(async () =>
        {
            await client.SendAsync(sent);
            client.Shutdown(SocketShutdown.Send);
        });

        Assert.Equal(sent, await ReadToEndAsync(client));
        await sending;
    }

    [Fact]
    public async Task Down_it_closes_what_is_connected_and_refuses_what_comes()
    {
        using var client = await ConnectAsync();
        await AskAsync(client, "hello");

        _proxy.Down();

        Assert.Equal(0, await client.ReceiveAsync(new byte[1]));
        Assert.Equal(SocketError.ConnectionRefused, (await Assert.ThrowsAsync<SocketException>(ConnectAsync)).SocketErrorCode);
    }

    [Fact]
    public async Task Open_again_it_is_on_the_same_port()
    {
        var port = _proxy.Port;
        for (var i = 0; i < 20; i++)
        {
            _proxy.Down();
            _proxy.Open();
            using var client = await ConnectAsync();
            Assert.Equal("hello", await AskAsync(client, "hello"));
        }

        Assert.Equal(port, _proxy.Port);
        Assert.Equal(20, _proxy.Accepted);
    }

    [Fact]
    public async Task A_black_hole_takes_everything_and_answers_nothing()
    {
        using var old = await ConnectAsync();
        await AskAsync(old, "hello");
        var received = _server.Heard;

        _proxy.BlackHole();
        using var recent = await ConnectAsync();
        await old.SendAsync(new byte[1_000_000]);
        await recent.SendAsync(new byte[1_000_000]);

        await AssertSilentAsync(old);
        await AssertSilentAsync(recent);
        Assert.Equal(received, _server.Heard);
    }

    [Fact]
    public async Task After_a_black_hole_a_connection_with_a_gap_is_reset_and_another_continues()
    {
        using var broken = await ConnectAsync();
        using var quiet = await ConnectAsync();
        await AskAsync(broken, "hello");
        await AskAsync(quiet, "hello");

        _proxy.BlackHole();
        await broken.SendAsync("lost"u8.ToArray());
        await AssertSilentAsync(broken);
        _proxy.Open();

        await AssertResetAsync(broken);
        Assert.Equal("hello again", await AskAsync(quiet, "hello again"));
    }

    [Fact]
    public async Task Reset_it_resets_what_is_connected_and_what_comes()
    {
        using var old = await ConnectAsync();
        await AskAsync(old, "hello");

        _proxy.Reset();

        await AssertResetAsync(old);
        // The reset may already fail the connect.
        var reset = await Assert.ThrowsAsync<SocketException>(async () =>
        {
            using var recent = await ConnectAsync();
            await recent.ReceiveAsync(new byte[1]);
        });
        Assert.Equal(SocketError.ConnectionReset, reset.SocketErrorCode);
    }

    [Fact]
    public async Task With_a_delay_each_way_takes_that_long_and_chunks_do_not_wait_for_each_other()
    {
        using var client = await ConnectAsync();
        await AskAsync(client, "hello");
        _proxy.Delay(TimeSpan.FromMilliseconds(100));
        var started = TimeProvider.System.GetTimestamp();

        var echo = ReadAsync(client, 20);
        for (var i = 0; i < 20; i++)
        {
            await client.SendAsync(new byte[] { (byte)('a' + i) });
        }

        Assert.Equal("abcdefghijklmnopqrst", await echo);
        // Each of the two delays may end some milliseconds early.
        Assert.InRange(TimeProvider.System.GetElapsedTime(started).TotalMilliseconds, 190, 1500);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    public async Task The_server_has_done_it_and_the_rest_of_its_answer_is_lost(int passed)
    {
        using var client = await ConnectAsync();
        await AskAsync(client, "hello");

        var cut = _proxy.CloseAfterResponseBytes(passed);
        await client.SendAsync("12345"u8.ToArray());
        await cut;

        Assert.Equal(10, _server.Heard);
        // A reset discards data that the client has not read yet, so it may have received fewer bytes.
        Assert.InRange(await ReceivedBeforeResetAsync(client), 0, passed);
        using var next = await ConnectAsync();
        Assert.Equal("as before", await AskAsync(next, "as before"));
    }

    [Fact]
    public async Task Only_the_answer_to_the_request_that_is_meant_is_lost()
    {
        using var meant = await ConnectAsync();
        using var other = await ConnectAsync();
        var cut = _proxy.CloseAfterResponseBytes(0, request => request.Span.StartsWith("store"u8));

        Assert.Equal("ask", await AskAsync(other, "ask"));
        Assert.Equal("ask", await AskAsync(meant, "ask"));
        Assert.False(cut.IsCompleted);
        await meant.SendAsync("store"u8.ToArray());

        await cut;
        await AssertResetAsync(meant);
        Assert.Equal("ask", await AskAsync(other, "ask"));
    }

    [Fact]
    public async Task A_server_that_is_not_there_ends_the_connection()
    {
        int unusedPort;
        using (var port = new LoopbackPort())
        {
            unusedPort = port.Number;
        }

        await using var proxy = new TcpProxy(unusedPort);
        using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(IPAddress.Loopback, proxy.Port);

        Assert.Equal(0, await client.ReceiveAsync(new byte[1]));
    }

    private async Task<Socket> ConnectAsync()
    {
        var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await client.ConnectAsync(IPAddress.Loopback, _proxy.Port);
        return client;
    }

    private static async Task<string> AskAsync(Socket client, string text)
    {
        await client.SendAsync(Encoding.ASCII.GetBytes(text));
        return await ReadAsync(client, text.Length);
    }

    private static async Task<string> ReadAsync(Socket client, int length)
    {
        var buffer = new byte[length];
        for (var read = 0; read < length;)
        {
            var more = await client.ReceiveAsync(buffer.AsMemory(read));
            Assert.NotEqual(0, more);
            read += more;
        }

        return Encoding.ASCII.GetString(buffer);
    }

    private static async Task<byte[]> ReadToEndAsync(Socket client)
    {
        var buffer = new byte[64 * 1024];
        using var all = new MemoryStream();
        while (await client.ReceiveAsync(buffer) is > 0 and var length)
        {
            all.Write(buffer.AsSpan(0, length));
        }

        return all.ToArray();
    }

    private static async Task<int> ReceivedBeforeResetAsync(Socket client)
    {
        var received = 0;
        var reset = await Assert.ThrowsAsync<SocketException>(async () =>
        {
            while (await client.ReceiveAsync(new byte[64]) is > 0 and var length)
            {
                received += length;
            }
        });
        Assert.Equal(SocketError.ConnectionReset, reset.SocketErrorCode);
        return received;
    }

    private static async Task AssertResetAsync(Socket client) => Assert.Equal(0, await ReceivedBeforeResetAsync(client));

    private static async Task AssertSilentAsync(Socket client)
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await client.ReceiveAsync(new byte[1], timeout.Token));
    }
}
