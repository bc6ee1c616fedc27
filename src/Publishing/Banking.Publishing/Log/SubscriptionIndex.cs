namespace Banking.Publishing.Log;

/// <summary>
/// Finds subscriptions by the accounts and types that they take. Matching a page costs what its events cost, however many subscriptions
/// wait for other events.
/// </summary>
internal sealed class SubscriptionIndex
{
    private readonly HashSet<LogSubscription> _all = [];
    private readonly HashSet<LogSubscription> _ofEveryEvent = [];
    private readonly Dictionary<string, HashSet<LogSubscription>> _byAccount = [];
    private readonly Dictionary<string, HashSet<LogSubscription>> _byType = [];

    public IReadOnlyCollection<LogSubscription> All => _all;

    public void Add(LogSubscription subscription)
    {
        _all.Add(subscription);
        var (index, keys) = PlaceOf(subscription);
        if (index is null)
        {
            _ofEveryEvent.Add(subscription);
            return;
        }

        foreach (var key in keys)
        {
            if (!index.TryGetValue(key, out var found))
            {
                index[key] = found = [];
            }

            found.Add(subscription);
        }
    }

    public bool Remove(LogSubscription subscription)
    {
        var (index, keys) = PlaceOf(subscription);
        _ofEveryEvent.Remove(subscription);
        foreach (var key in index is null ? [] : keys)
        {
            if (index!.TryGetValue(key, out var found) && found.Remove(subscription) && found.Count == 0)
            {
                index.Remove(key);
            }
        }

        return _all.Remove(subscription);
    }

    /// <summary>Removes the subscriptions that take an event, and returns each with the position of its first.</summary>
    public List<(LogSubscription Subscription, long Position)> RemoveMatching(IReadOnlyList<PublicEvent> events)
    {
        var matching = new List<(LogSubscription, long)>();
        foreach (var e in events)
        {
            if (e.IsForEveryone || e.IsOfUnknownType || e.IsOfUnknownAccount)
            {
                RemoveMatching(_all, e, matching);
                continue;
            }

            RemoveMatching(_byAccount.GetValueOrDefault(e.Subject), e, matching);
            RemoveMatching(_byType.GetValueOrDefault(e.Type), e, matching);
            RemoveMatching(_ofEveryEvent, e, matching);
        }

        return matching;
    }

    private void RemoveMatching(HashSet<LogSubscription>? candidates, PublicEvent e, List<(LogSubscription, long)> matching)
    {
        if (candidates is not { Count: > 0 })
        {
            return;
        }

        // A subscription may begin after the event.
        foreach (var subscription in candidates.Where(s => s.Position < e.Position && s.Filter.Takes(e)).ToList())
        {
            Remove(subscription);
            matching.Add((subscription, e.Position));
        }
    }

    /// <summary>The accounts are the narrower filter.</summary>
    private (Dictionary<string, HashSet<LogSubscription>>? Index, IEnumerable<string> Keys) PlaceOf(LogSubscription subscription) =>
        subscription.Filter switch
        {
            { Accounts: { } accounts } => (_byAccount, accounts),
            { Types: { } types } => (_byType, types),
            _ => (null, []),
        };
}
