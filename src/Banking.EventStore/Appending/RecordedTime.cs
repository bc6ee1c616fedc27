namespace Banking.EventStore.Appending;

/// <summary>Recorded time: when the bank stores an event.</summary>
internal static class RecordedTime
{
    /// <summary>The current time in microseconds, the resolution of PostgreSQL: a state must equal the state that a replay folds.</summary>
    public static DateTimeOffset Now(TimeProvider clock)
    {
        var now = clock.GetUtcNow();
        return new(now.UtcTicks - (now.UtcTicks % TimeSpan.TicksPerMicrosecond), TimeSpan.Zero);
    }
}
