namespace Banking.Testing;

/// <summary>
/// A clock that stands still until it is told to move. Only the time of day: timers and elapsed time are the base class's and real, so
/// that a host which waits by this clock (Prefer: wait) waits and gives up as it does in production.
/// </summary>
public sealed class TestClock : TimeProvider
{
    private long _ticks = new DateTimeOffset(2026, 11, 17, 15, 0, 0, TimeSpan.Zero).UtcTicks;

    public DateTimeOffset Now => new(Interlocked.Read(ref _ticks), TimeSpan.Zero);

    public override DateTimeOffset GetUtcNow() => Now;

    public void Advance(TimeSpan by) => Interlocked.Add(ref _ticks, by.Ticks);

    public void Set(DateTimeOffset to) => Interlocked.Exchange(ref _ticks, to.UtcTicks);
}
