using Banking.Publishing.Log;

namespace Banking.Publishing.Publishers;

/// <summary>
/// What becomes of a page of events of a released account, or of a released stream that stores events about an account, such as its
/// statements. Account and stream may be blocked both, from different positions, and are released in any order. An event about the account
/// that the stream stores is delivered once neither is blocked at its position, so it is delivered once, and never before an earlier event
/// of the account.
/// </summary>
/// <param name="Due">The events to deliver.</param>
/// <param name="Blocking">The first event that cannot be delivered, so that the account stays blocked by it; null if there is none.</param>
/// <param name="Separate">Unreadable events of other streams. Each blocks its own stream, and not the account.</param>
/// <param name="WaitsFor">The blocked account of the next event of a released stream; null if the page has none such.</param>
internal sealed record ReleasedPage(
    IReadOnlyList<PublicEvent> Due, PublicEvent? Blocking, IReadOnlyList<PublicEvent> Separate, Guid? WaitsFor)
{
    /// <param name="stream">The account or stream that is released.</param>
    /// <param name="events">Its events that the destination wants, without those that an operator discarded.</param>
    /// <param name="blocked">The positions from which on blocked accounts and streams wait.</param>
    public static ReleasedPage Of(
        Guid stream,
        IEnumerable<PublicEvent> events,
        IReadOnlyDictionary<Guid, long> blocked,
        IReadOnlyCollection<string> pausedTypes)
    {
        var (due, separate) = (new List<PublicEvent>(), new Dictionary<Guid, PublicEvent>());
        foreach (var e in events)
        {
            if (e.StoredIn != stream)
            {
                if (separate.ContainsKey(e.StoredIn) || Waits(e.StoredIn, e, blocked))
                {
                    continue;
                }

                if (e.Unreadable is not null && !blocked.ContainsKey(e.StoredIn))
                {
                    separate.Add(e.StoredIn, e);
                    continue;
                }

                // A later event may block the stream. That row stays as it is, because an operator may have asked to skip its event: the
                // unreadable event blocks the account instead, below.
            }

            if (e.Stream != stream && e.Unreadable is null && Waits(e.Stream, e, blocked))
            {
                return new(due, null, [.. separate.Values], e.Stream);
            }

            if (e.Unreadable is not null || pausedTypes.Contains(e.Type))
            {
                return new(due, e, [.. separate.Values], null);
            }

            due.Add(e);
        }

        return new(due, null, [.. separate.Values], null);
    }

    private static bool Waits(Guid stream, PublicEvent e, IReadOnlyDictionary<Guid, long> blocked) =>
        blocked.TryGetValue(stream, out var since) && since <= e.Position;
}
