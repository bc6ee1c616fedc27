using Banking.Publishing.Log;

namespace Banking.Publishing.Publishers;

/// <summary>
/// The events that operators discarded at a destination, from the operator log. A discard ends the row of the account or stream that the
/// event blocked. But the same event is read again if another row begins earlier: an unreadable statement, for example, blocks the stream
/// that stores it, while its account may be blocked by an earlier event, and repaired it is an event of that account.
/// </summary>
internal sealed class DiscardedEvents
{
    public static readonly DiscardedEvents None = new([]);

    // By the id of the event: the lowest position that the destination was set to afterwards.
    private readonly Dictionary<string, long> _setTo = [];

    /// <param name="actions">In order: the id of an event that was discarded, or the position that the destination was set to.</param>
    public DiscardedEvents(IEnumerable<(string? Discarded, long? SetTo)> actions)
    {
        foreach (var (discarded, setTo) in actions)
        {
            if (discarded is not null)
            {
                _setTo[discarded] = long.MaxValue;
            }

            if (setTo is { } position)
            {
                foreach (var id in _setTo.Keys.ToList())
                {
                    _setTo[id] = Math.Min(_setTo[id], position);
                }
            }
        }
    }

    /// <summary>Whether it was discarded, and the destination was not set back since: then the destination receives it.</summary>
    public bool Contains(PublicEvent e) => _setTo.TryGetValue(e.Id, out var setTo) && e.Position <= setTo;
}
