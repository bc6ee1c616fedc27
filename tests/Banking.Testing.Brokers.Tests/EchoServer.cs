using System.Net;
using System.Net.Sockets;

namespace Banking.Testing.Brokers.Tests;

/// <summary>Echoes every byte, and counts the received bytes.</summary>
internal sealed class EchoServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Task _serving;
    private long _received;

    public EchoServer()
    {
        _listener.Start();
        _serving = ServeAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public long Heard => Interlocked.Read(ref _received);

    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        await _serving;
    }

    private async Task ServeAsync()
    {
        try
        {
            while (true)
            {
                _ = EchoAsync(await _listener.AcceptSocketAsync());
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The server was disposed.
        }
    }

    private async Task EchoAsync(Socket socket)
    {
        using (socket)
        {
            try
            {
                var buffer = new byte[1024];
                while (await socket.ReceiveAsync(buffer) is > 0 and var length)
                {
                    Interlocked.Add(ref _received, length);
                    await socket.SendAsync(buffer.AsMemory(0, length));
                }
            }
            catch (SocketException)
            {
                // A mode of the proxy closed the connection.
            }
        }
    }
}
