using System.Diagnostics.Metrics;
using Banking.Incoming.Receiving;
using Banking.Incoming.Settings;

namespace Banking.Incoming.Listening;

/// <summary>The states of this host's consumers.</summary>
public sealed class ListenerStates
{
    public ListenerStates(IReadOnlyList<QueueSettings> queues, IMeterFactory meters, TimeProvider clock)
    {
        All = [.. queues.Select(q => new ListenerState(q, clock))];
        meters.Create(IncomingMetrics.MeterName).CreateObservableGauge(
            "banking.incoming.stalled",
            () => All.Select(s => new Measurement<int>(s.Reason is null ? 0 : 1, new KeyValuePair<string, object?>("queue", s.Queue.Name))),
            description: "1 while messages of a queue cannot be taken or decided");
    }

    internal IReadOnlyList<ListenerState> All { get; }
}

/// <summary>State of this host's consumer of a queue, for operators.</summary>
internal sealed class ListenerState(QueueSettings queue, TimeProvider clock)
{
    public const string Connecting = "connecting";
    public const string Listening = "listening";
    public const string Waiting = "waiting";

    private readonly Lock _gate = new();
    private int _waiting;

    public QueueSettings Queue { get; } = queue;

    /// <summary>connecting, listening, or waiting: messages are held because they cannot be decided now.</summary>
    public string Name { get; private set; } = Connecting;

    public DateTimeOffset Since { get; private set; } = clock.GetUtcNow();

    /// <summary>Why it is not listening; null if it is, or has just begun to connect.</summary>
    public string? Reason { get; private set; }

    public void StartListening() => Change(Listening, null);

    public void LoseConnection(string reason) => Change(Connecting, reason);

    /// <summary>Whether a reason is new, and so worth a line in the log.</summary>
    public bool IsNews(string reason)
    {
        lock (_gate)
        {
            return Reason != reason;
        }
    }

    /// <summary>Reports for one message that it is held, or not held any more.</summary>
    public Action<string?> HoldMessage()
    {
        var isHeld = false;
        return reason =>
        {
            lock (_gate)
            {
                _waiting += (reason is not null, isHeld) switch
                {
                    (true, false) => 1,
                    (false, true) => -1,
                    _ => 0,
                };
                isHeld = reason is not null;
                if (Name != Connecting)
                {
                    Change(_waiting > 0 ? Waiting : Listening, _waiting > 0 ? reason ?? Reason : null);
                }
            }
        };
    }

    private void Change(string name, string? reason)
    {
        lock (_gate)
        {
            Since = Name == name ? Since : clock.GetUtcNow();
            (Name, Reason) = (name, reason);
        }
    }
}
