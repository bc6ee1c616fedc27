using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;

namespace Banking.Testing.Brokers;

/// <summary>
/// A proxy between a client and a broker with which a test disturbs the network. It listens on its own port, which is the same in all
/// modes, and starts in the mode that forwards everything. A mode applies to existing and new connections.
/// </summary>
public sealed class TcpProxy : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private readonly LoopbackPort _port = new();
    private readonly IPEndPoint _target;
    private readonly Dictionary<Connection, Task> _connections = [];
    private Task _accepting = Task.CompletedTask;
    private Socket? _listener;
    private volatile State _state = new(Mode.Open);
    private int _accepted;

    public TcpProxy(int targetPort)
    {
        _target = new(IPAddress.Loopback, targetPort);
        Open();
    }

    private enum Mode
    {
        Open,
        Down,
        BlackHole,
        Reset,
    }

    public int Port => _port.Number;

    /// <summary>The number of connections accepted so far, by which a test detects that a client has reconnected.</summary>
    public int Accepted => Volatile.Read(ref _accepted);

    /// <summary>Forwards everything at once.</summary>
    public void Open() => Change(new(Mode.Open));

    /// <summary>Simulates a stopped broker: existing connections are closed gracefully, and new ones are refused.</summary>
    public void Down() => Change(new(Mode.Down));

    /// <summary>
    /// Accepts connections and data, but forwards nothing and answers nothing. A connection that lost bytes is reset by the next mode,
    /// because neither side could read data after a gap.
    /// </summary>
    public void BlackHole() => Change(new(Mode.BlackHole));

    /// <summary>Resets every connection, existing or new.</summary>
    public void Reset() => Change(new(Mode.Reset));

    /// <summary>
    /// Delays all data by this time in each direction. The order is kept, and chunks in flight do not wait for each other.
    /// </summary>
    public void Delay(TimeSpan eachWay) => Change(new(Mode.Open, eachWay));

    /// <summary>
    /// Loses an acknowledgement of the broker: this many bytes of responses are still forwarded, then the connection with the next byte is
    /// reset. This happens once; afterwards the proxy is open.
    /// </summary>
    /// <param name="count">Bytes of all connections together, counted from now. With 0 the next response is lost.</param>
    /// <param name="request">Selects the chunk of requests at which the count begins. Then only bytes of its connection count. Without it,
    /// the count begins now.</param>
    /// <returns>A task that completes when the connection is reset.</returns>
    public Task CloseAfterResponseBytes(long count, Func<ReadOnlyMemory<byte>, bool>? request = null)
    {
        var cut = new Cut(count, request);
        Change(new(Mode.Open, Cut: cut));
        return cut.Done.Task;
    }

    public async ValueTask DisposeAsync()
    {
        Down();
        await _accepting;
        await Task.WhenAll(Connections().Select(c => c.Value));
        _port.Dispose();
    }

    private void Change(State state)
    {
        lock (_gate)
        {
            _state = state;
            if (state.Mode == Mode.Down)
            {
                _listener?.Dispose();
                _listener = null;
            }
            else if (_listener is null)
            {
                _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                _listener.Bind(_port.EndPoint);
                _listener.Listen();
                _accepting = AcceptAsync(_listener);
            }
        }

        foreach (var (connection, _) in Connections())
        {
            if (state.Mode is Mode.Down or Mode.Reset)
            {
                connection.Close(reset: state.Mode == Mode.Reset);
            }
            else if (state.Mode != Mode.BlackHole && connection.HasLostBytes)
            {
                connection.Close(reset: true);
            }
        }
    }

    private KeyValuePair<Connection, Task>[] Connections()
    {
        lock (_gate)
        {
            return [.. _connections];
        }
    }

    private async Task AcceptAsync(Socket listener)
    {
        try
        {
            while (true)
            {
                Register(new(this, await listener.AcceptAsync()));
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The proxy went down.
        }
    }

    private void Register(Connection connection)
    {
        Interlocked.Increment(ref _accepted);
        // Under the lock, so that a change of mode applies to the connection either here or in the list.
        lock (_gate)
        {
            if (_state.Mode is Mode.Down or Mode.Reset)
            {
                connection.Close(reset: true);
                return;
            }

            _connections[connection] = Task.Run(async () =>
            {
                await connection.RunAsync();
                lock (_gate)
                {
                    _connections.Remove(connection);
                }
            });
        }
    }

    private sealed record State(Mode Mode, TimeSpan Latency = default, Cut? Cut = null);

    /// <summary>The place at which responses are cut. Connections call it concurrently, hence its lock.</summary>
    private sealed class Cut(long count, Func<ReadOnlyMemory<byte>, bool>? request)
    {
        private readonly Lock _gate = new();
        private Connection? _counted;
        private long _left = count;

        public TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Observe(Connection connection, ReadOnlyMemory<byte> chunk)
        {
            lock (_gate)
            {
                if (_counted is null && request?.Invoke(chunk) == true)
                {
                    _counted = connection;
                }
            }
        }

        /// <summary>Returns how many bytes of a response may be forwarded; fewer than its length means that the connection ends.</summary>
        public int Allow(Connection connection, int length)
        {
            lock (_gate)
            {
                if (request is not null && _counted != connection)
                {
                    return length;
                }

                var allowed = (int)Math.Min(_left, length);
                _left -= allowed;
                return allowed;
            }
        }
    }

    private sealed class Connection(TcpProxy proxy, Socket client) : IDisposable
    {
        private readonly Socket _server = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        private volatile bool _hasLostBytes;
        private int _closed;

        public bool HasLostBytes => _hasLostBytes;

        public async Task RunAsync()
        {
            try
            {
                client.NoDelay = _server.NoDelay = true;
                if (proxy._state.Mode == Mode.BlackHole)
                {
                    _hasLostBytes = true;
                    await PumpAsync(client, null);
                    return;
                }

                await _server.ConnectAsync(proxy._target);
                await Task.WhenAll(PumpAsync(client, _server), PumpAsync(_server, client));
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                // Either side or a mode closed the connection, so close both sides.
            }
            finally
            {
                Dispose();
            }
        }

        public void Dispose() => Close(reset: false);

        /// <summary>Closes both sides; only the first call has an effect.</summary>
        public void Close(bool reset)
        {
            if (Interlocked.Exchange(ref _closed, 1) == 1)
            {
                return;
            }

            foreach (var socket in (Socket[])[client, _server])
            {
                try
                {
                    if (reset)
                    {
                        socket.LingerState = new(true, 0);
                    }
                    else
                    {
                        // Without a shutdown, .NET would reset a connection with a pending read.
                        socket.Shutdown(SocketShutdown.Both);
                    }
                }
                catch (SocketException)
                {
                    // The socket is not connected yet or no longer.
                }

                socket.Dispose();
            }
        }

        private async Task PumpAsync(Socket from, Socket? to)
        {
            // Bounded, so that a slow reader still slows the writer down: only a few more chunks are in flight than without a proxy.
            var inFlight = Channel.CreateBounded<(byte[] Chunk, long ReadAt)>(64);
            var writing = WriteAsync(inFlight.Reader, to);
            try
            {
                var buffer = new byte[16 * 1024];
                while (await from.ReceiveAsync(buffer) is > 0 and var length)
                {
                    await inFlight.Writer.WriteAsync((buffer[..length], TimeProvider.System.GetTimestamp()));
                }
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                // A reset of one side resets the other.
                Close(reset: true);
            }
            finally
            {
                inFlight.Writer.Complete();
                await writing;
            }
        }

        private async Task WriteAsync(ChannelReader<(byte[] Chunk, long ReadAt)> inFlight, Socket? to)
        {
            try
            {
                await foreach (var (chunk, readAt) in inFlight.ReadAllAsync())
                {
                    var remaining = proxy._state.Latency - TimeProvider.System.GetElapsedTime(readAt);
                    if (remaining > TimeSpan.Zero)
                    {
                        await Task.Delay(remaining, TimeProvider.System);
                    }

                    if (to is null || !await ForwardAsync(chunk, to))
                    {
                        _hasLostBytes = true;
                    }
                }

                to?.Shutdown(SocketShutdown.Send);
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                Close(reset: true);
                await foreach (var _ in inFlight.ReadAllAsync())
                {
                    // Drain the channel, so that the reading task does not wait for this ended writer.
                }
            }
        }

        private async Task<bool> ForwardAsync(byte[] chunk, Socket to)
        {
            var state = proxy._state;
            if (_hasLostBytes || state.Mode == Mode.BlackHole)
            {
                return false;
            }

            var allowed = chunk.Length;
            if (to == _server)
            {
                state.Cut?.Observe(this, chunk);
            }
            else
            {
                allowed = state.Cut?.Allow(this, chunk.Length) ?? allowed;
            }

            for (var sent = 0; sent < allowed;)
            {
                sent += await to.SendAsync(chunk.AsMemory(sent, allowed - sent));
            }

            if (allowed < chunk.Length)
            {
                proxy.Finish(state, this);
            }

            return true;
        }
    }

    private void Finish(State cut, Connection connection)
    {
        lock (_gate)
        {
            if (_state == cut)
            {
                _state = new(Mode.Open);
            }
        }

        connection.Close(reset: true);
        cut.Cut!.Done.TrySetResult();
    }
}
