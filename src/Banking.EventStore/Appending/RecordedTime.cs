namespace Banking.EventStore.Appending;

/// <summary>When the bank learns something.</summary>
internal static class RecordedTime
{
    /// <summary>Now, in the microseconds that PostgreSQL keeps: a state must not know more than its replay will.</summary>
    public static DateTimeOffset Now(TimeProvider clock)
    {
        var now = clock.GetUtcNow();
        return new(now.UtcTicks - (now.UtcTicks % TimeSpan.TicksPerMicrosecond), TimeSpan.Zero);
    }
}
