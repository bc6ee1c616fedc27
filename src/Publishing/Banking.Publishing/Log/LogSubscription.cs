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

    /// <summary>The next event of the log cannot be read.</summary>
    Unreadable,
}

/// <summary>A reader that waits for the next published event that it takes. It is woken once.</summary>
public sealed class LogSubscription
{
    private readonly LogSubscriptions _owner;
    private readonly Action _wake;
    private volatile bool _isActive;
    private volatile bool _isHeldUp;

    internal LogSubscription(LogSubscriptions owner, EventFilter filter, long after, Action wake, bool waitsForRepair)
    {
        (_owner, _wake, Filter, Position, WaitsForRepair) = (owner, wake, filter, after, waitsForRepair);
    }

    /// <summary>Why it was woken.</summary>
    public LogWake Reason { get; private set; }

    /// <summary>Whether it still waits.</summary>
    public bool IsActive
    {
        get => _isActive;
        internal set => _isActive = value;
    }

    /// <summary>Whether the next event of the log cannot be read. The log is not read for it until that event can be.</summary>
    public bool IsHeldUp => _isHeldUp;

    /// <summary>
    /// Up to this position the log has no event for the subscriber. While it waits, the position at which it began, or at which it was held
    /// up; see <see cref="LogSubscriptions.Position"/>.
    /// </summary>
    public long Position { get; private set; }

    internal EventFilter Filter { get; }

    /// <summary>Whether it keeps waiting while the next event of the log cannot be read.</summary>
    internal bool WaitsForRepair { get; }

    /// <summary>Ends the wait. <see cref="Position"/> is then final.</summary>
    public void End() => _owner.Remove(this);

    internal void HoldUp(long position)
    {
        Position = Math.Max(Position, position);
        _isHeldUp = true;
    }

    internal void Stop(LogWake reason, long position)
    {
        (Reason, Position) = (reason, Math.Max(Position, position));
        _isActive = false;
    }

    internal void Wake() => _wake();
}
