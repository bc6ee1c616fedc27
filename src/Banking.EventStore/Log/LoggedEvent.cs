namespace Banking.EventStore.Log;

/// <summary>Position of an event, and the transaction that stored it.</summary>
internal readonly record struct LoggedEvent(long Position, long Transaction, Guid Id);

/// <summary>Finds the positions at which a range of the log may end.</summary>
internal static class LoggedEvents
{
    /// <summary>Returns the number of leading events without a gap that may still be filled.</summary>
    /// <param name="after">The position before the first event.</param>
    /// <param name="rolledBackUpTo">Up to this position a missing one was rolled back.</param>
    public static int CountContiguous(this IReadOnlyList<LoggedEvent> events, long after, long rolledBackUpTo)
    {
        var count = 0;
        while (count < events.Count && (events[count].Position == after + 1 || events[count].Position <= rolledBackUpTo))
        {
            after = events[count++].Position;
        }

        return count;
    }

    /// <summary>Returns the largest number of events, up to a maximum, that divides no transaction.</summary>
    public static int LastBoundary(this IReadOnlyList<LoggedEvent> events, int maxCount)
    {
        var ends = new Dictionary<long, long>();
        foreach (var stored in events)
        {
            ends[stored.Transaction] = stored.Position;
        }

        var (boundary, reach) = (0, 0L);
        for (var i = 0; i < maxCount; i++)
        {
            reach = Math.Max(reach, ends[events[i].Transaction]);
            boundary = events[i].Position == reach ? i + 1 : boundary;
        }

        return boundary;
    }
}
