using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;

namespace Banking.Testing.Brokers;

/// <summary>
/// The network between a client and a broker, which a test breaks. It listens on a port of its own, the same through all its modes, and
/// passes on what it hears until it is told otherwise; a mode holds for the connections that there are and for those to come.
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

    /// <summary>How many connections have come in so far, so that a test can tell when a client has tried again.</summary>
    public int Accepted => Volatile.Read(ref _accepted);

    /// <summary>Passes everything on at once.</summary>
    public void Open() => Change(new(Mode.Open));

    /// <summary>The broker's process is gone: nobody listens, and what was connected is closed in order.</summary>
    public void Down() => Change(new(Mode.Down));

    /// <summary>
    /// The worst of networks: it takes everything, passes nothing on and says nothing. A connection that lost bytes in it is reset by the
    /// mode that follows, because what comes after a gap would be nonsense to either side.
    /// </summary>
    public void BlackHole() => Change(new(Mode.BlackHole));

    /// <summary>Every connection, old or new, ends with a reset.</summary>
    public void Reset() => Change(new(Mode.Reset));

    /// <summary>
    /// Everything takes that much longer, in each direction; the order stays, and chunks on their way do not wait for each other.
    /// </summary>
    public void Delay(TimeSpan eachWay) => Change(new(Mode.Open, eachWay));

    /// <summary>
    /// "The broker did it, the acknowledgement is lost": that many bytes of responses still arrive, and the connection that carries the
    /// next one is reset before it. This happens once, after which the proxy is open.
    /// </summary>
    /// <param name="count">Of all connections together, from now on. With 0 the very next response is lost.</param>
    /// <param name="request">Which chunk of requests begins the count, which is then of its connection only. Without it, it begins
    /// now.</param>
    /// <returns>Ends when the connection is cut.</returns>
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
            else if (state.Mode != Mode.BlackHole && connection.LostBytes)
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
                Take(new(this, await listener.AcceptAsync()));
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The proxy went down.
        }
    }

    private void Take(Connection connection)
    {
        Interlocked.Increment(ref _accepted);
        // Under the lock, so that a change of mode meets the connection either here or in the list.
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

    /// <summary>Where the response ends. It is asked by all connections at once, hence its lock.</summary>
    private sealed class Cut(long count, Func<ReadOnlyMemory<byte>, bool>? request)
    {
        private readonly Lock _gate = new();
        private Connection? _only;
        private long _left = count;

        public TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Hear(Connection connection, ReadOnlyMemory<byte> chunk)
        {
            lock (_gate)
            {
                if (_only is null && request?.Invoke(chunk) == true)
                {
                    _only = connection;
                }
            }
        }

        /// <summary>How much of a response may pass: all, or less, which is the end.</summary>
        public int Allow(Connection connection, int length)
        {
            lock (_gate)
            {
                if (request is not null && _only != connection)
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
        private volatile bool _lostBytes;
        private int _closed;

        public bool LostBytes => _lostBytes;

        public async Task RunAsync()
        {
            try
            {
                client.NoDelay = _server.NoDelay = true;
                if (proxy._state.Mode == Mode.BlackHole)
                {
                    _lostBytes = true;
                    await PumpAsync(client, null);
                    return;
                }

                await _server.ConnectAsync(proxy._target);
                await Task.WhenAll(PumpAsync(client, _server), PumpAsync(_server, client));
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                // Either side, or a mode, ended it: so does the other.
            }
            finally
            {
                Dispose();
            }
        }

        public void Dispose() => Close(reset: false);

        /// <summary>Whoever closes it first says how.</summary>
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
                        // Without this .NET would reset a connection that is being read.
                        socket.Shutdown(SocketShutdown.Both);
                    }
                }
                catch (SocketException)
                {
                    // It is not connected, any more or yet.
                }

                socket.Dispose();
            }
        }

        private async Task PumpAsync(Socket from, Socket? to)
        {
            // Bounded, so that a slow reader still slows the writer down; what is underway is a few chunks more than without a proxy.
            var underway = Channel.CreateBounded<(byte[] Chunk, long ReadAt)>(64);
            var writing = WriteAsync(underway.Reader, to);
            try
            {
                var buffer = new byte[16 * 1024];
                while (await from.ReceiveAsync(buffer) is > 0 and var length)
                {
                    await underway.Writer.WriteAsync((buffer[..length], TimeProvider.System.GetTimestamp()));
                }
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                // A reset of one side is one of the other.
                Close(reset: true);
            }
            finally
            {
                underway.Writer.Complete();
                await writing;
            }
        }

        private async Task WriteAsync(ChannelReader<(byte[] Chunk, long ReadAt)> underway, Socket? to)
        {
            try
            {
                await foreach (var (chunk, readAt) in underway.ReadAllAsync())
                {
                    var late = proxy._state.Latency - TimeProvider.System.GetElapsedTime(readAt);
                    if (late > TimeSpan.Zero)
                    {
                        await Task.Delay(late, TimeProvider.System);
                    }

                    if (to is null || !await PassAsync(chunk, to))
                    {
                        _lostBytes = true;
                    }
                }

                to?.Shutdown(SocketShutdown.Send);
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                Close(reset: true);
                await foreach (var _ in underway.ReadAllAsync())
                {
                    // The reader must not wait for a writer that is no more.
                }
            }
        }

        private async Task<bool> PassAsync(byte[] chunk, Socket to)
        {
            var state = proxy._state;
            if (_lostBytes || state.Mode == Mode.BlackHole)
            {
                return false;
            }

            var allowed = chunk.Length;
            if (to == _server)
            {
                state.Cut?.Hear(this, chunk);
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
