using System.Net;
using System.Net.Sockets;

namespace Banking.Testing.Brokers;

/// <summary>
/// A free port of this machine that stays ours while nobody listens on it: a socket that is bound and does not listen keeps everybody else
/// from being given the port, whoever connects to it is refused, and a listener of ours may still be bound to it (SO_REUSEADDR, which .NET
/// and Erlang both set).
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
