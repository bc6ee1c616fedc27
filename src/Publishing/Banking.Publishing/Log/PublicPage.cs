using Banking.EventStore.Archive;
using Banking.EventStore.Log;

namespace Banking.Publishing.Log;

/// <summary>A page of published events.</summary>
/// <param name="End">The position up to which the page contains all published events.</param>
public sealed record PublicPage(IReadOnlyList<PublicEvent> Events, long End)
{
    /// <summary>
    /// The identity of the log that the page was read from (<see cref="HighWaterMark.Server"/>); null if nothing was read.
    /// </summary>
    public string? Log { get; init; }

    /// <summary>
    /// The failure for a reader that cannot pass an event of the page. A deleted event never comes back: the failure says that the reader
    /// continues right before the next event that was not deleted.
    /// </summary>
    /// <param name="filter">The events that the reader takes; null for all.</param>
    internal UnreadableEventException FailureAt(PublicEvent e, EventFilter? filter)
    {
        if (!IsDeleted(e))
        {
            return e.Unreadable!;
        }

        var next = Events.FirstOrDefault(n => n.Position > e.Position && filter?.Takes(n) != false && !IsDeleted(n));
        return e.Unreadable!.ContinuedAfter(next is null ? End : next.Position - 1);
    }

    private static bool IsDeleted(PublicEvent e) => e.Unreadable is { InnerException: ArchiveDeletedException };
}
