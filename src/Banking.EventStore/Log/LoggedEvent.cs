namespace Banking.EventStore.Log;

/// <summary>An event's place in the log, and the transaction that stored it.</summary>
internal readonly record struct LoggedEvent(long Position, long Transaction);

/// <summary>Where a stretch of the log may be cut.</summary>
internal static class LoggedEvents
{
    /// <summary>How many of the events follow each other without a number missing that may still come.</summary>
    /// <param name="after">The number before the first of them.</param>
    /// <param name="settled">Up to here, a number that is missing was rolled back.</param>
    public static int CountTo(this IReadOnlyList<LoggedEvent> events, long after, long settled)
    {
        var count = 0;
        while (count < events.Count && (events[count].Position == after + 1 || events[count].Position <= settled))
        {
            after = events[count++].Position;
        }

        return count;
    }

    /// <summary>The largest number of events, at most so many, after which each transaction is there whole or not at all.</summary>
    public static int LastBoundary(this IReadOnlyList<LoggedEvent> events, int count)
    {
        var ends = new Dictionary<long, long>();
        foreach (var stored in events)
        {
            ends[stored.Transaction] = stored.Position;
        }

        var (boundary, reach) = (0, 0L);
        for (var i = 0; i < count; i++)
        {
            reach = Math.Max(reach, ends[events[i].Transaction]);
            boundary = events[i].Position == reach ? i + 1 : boundary;
        }

        return boundary;
    }
}
