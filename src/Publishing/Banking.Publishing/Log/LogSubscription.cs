namespace Banking.Publishing.Log;

/// <summary>Why a subscription has ended.</summary>
public enum LogWake
{
    /// <summary>It was disposed.</summary>
    None,

    /// <summary>The log has an event that the subscriber takes.</summary>
    Event,

    /// <summary>A restore has replaced the log.</summary>
    LogReplaced,
}

/// <summary>A reader that waits for the next published event that it takes. It is woken once.</summary>
public sealed class LogSubscription
{
    private readonly LogSubscriptions _owner;
    private readonly Action _wake;
    private volatile bool _isActive;

    internal LogSubscription(LogSubscriptions owner, EventFilter filter, long after, Action wake) =>
        (_owner, _wake, Filter, Position) = (owner, wake, filter, after);

    /// <summary>Why it was woken.</summary>
    public LogWake Reason { get; private set; }

    /// <summary>Whether it still waits.</summary>
    public bool IsActive
    {
        get => _isActive;
        internal set => _isActive = value;
    }

    /// <summary>
    /// Up to this position the log has no event for the subscriber. While it waits, the position at which it began; see
    /// <see cref="LogSubscriptions.Position"/>.
    /// </summary>
    public long Position { get; private set; }

    internal EventFilter Filter { get; }

    /// <summary>Ends the wait. <see cref="Position"/> is then final.</summary>
    public void End() => _owner.Remove(this);

    internal void Stop(LogWake reason, long position)
    {
        (Reason, Position) = (reason, Math.Max(Position, position));
        _isActive = false;
    }

    internal void Wake() => _wake();
}
