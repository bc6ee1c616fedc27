using System.Net;
using System.Net.Sockets;

namespace Banking.Testing.Brokers;

/// <summary>
/// Reserves a free port of this machine, even while nothing listens on it. A bound socket that does not listen keeps the system from
/// assigning the port to another process, and connections to it are refused. A listener of the test may still bind to it, because .NET and
/// Erlang both set SO_REUSEADDR.
/// </summary>
public sealed class LoopbackPort : IDisposable
{
    private readonly Socket _keeper = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

    public LoopbackPort()
    {
        _keeper.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        EndPoint = (IPEndPoint)_keeper.LocalEndPoint!;
    }

    public IPEndPoint EndPoint { get; }

    public int Number => EndPoint.Port;

    public void Dispose() => _keeper.Dispose();
}
