using Banking.Publishing.Log;
using Banking.SharedKernel;

namespace Banking.Publishing.Publishers;

// Which events wait behind a blocked one, and how a publisher releases blocked accounts.
internal sealed partial class Publisher
{
    /// <summary>
    /// Delivers the events of accounts that an operator released, or whose event type is no longer paused. Their events are read from the
    /// log and delivered before the next page.
    /// </summary>
    private async Task ReleaseAccountsAsync(PublisherRow row, CancellationToken ct)
    {
        // Streams that wait for a blocked account. Its release lets them continue; a host that takes over finds them again.
        var waiting = new Dictionary<Guid, Guid>();
        while (_mustCheckReleases && _blocked.Count > 0)
        {
            // Reset before reading: a request that arrives meanwhile must be seen. After a failure the next run checks again.
            _mustCheckReleases = false;
            try
            {
                var released = await services.Blocked.ListReleasedAsync(row.Name, row.PausedTypes, waiting.Keys, MaxReleasedAccounts, ct);
                // Read after the rows: it has the event of each row whose discard was requested.
                var discarded = released.Count == 0 ? DiscardedEvents.None : await services.Blocked.ReadDiscardedAsync(row.Name, ct);
                foreach (var account in released)
                {
                    if (await CatchUpAsync(row, account, discarded, ct) is { } waitsFor)
                    {
                        waiting[account.Account] = waitsFor;
                        continue;
                    }

                    foreach (var stream in waiting.Keys.Where(s => waiting[s] == account.Account).ToList())
                    {
                        waiting.Remove(stream);
                        _mustCheckReleases = true;
                    }
                }

                _mustCheckReleases |= released.Count == MaxReleasedAccounts;
            }
            catch
            {
                _mustCheckReleases = true;
                throw;
            }
        }
    }

    /// <summary>Delivers the events of a released account or stream, up to the publisher's position or to the next blocked one.</summary>
    /// <returns>The blocked account that it waits for before it can begin; null if it has begun.</returns>
    private async Task<Guid?> CatchUpAsync(PublisherRow row, BlockedAccount account, DiscardedEvents discarded, CancellationToken ct)
    {
        _destination ??= await OpenAsync(ct);
        for (var from = account.Position; ;)
        {
            var page = await services.Log.OfAccountAsync(account.Account, from, Position, MaxEventsOfAccount, ct);
            var next = ReleasedPage.Of(
                account.Account,
                (await WithBlockedEventAsync(account, from, page, ct))
                    .Where(e => spec.Filter.Takes(e) && IsWanted(e) && !discarded.Contains(e)),
                _blocked,
                row.PausedTypes);
            if (next.WaitsFor is { } blocked && next.Due.Count == 0 && _blocked[blocked] <= from)
            {
                return blocked;
            }

            var rejected = await DeliverAsync([.. next.Due], ct) is [var first, ..] ? first
                : next.Blocking is { } blocking ? Undeliverable(blocking)
                : null;
            // What waits behind an account is delivered with the events of that account.
            var isLast = rejected is null && (next.WaitsFor is not null || page.End == Position);
            await StoreAsync(row, account, next, rejected, isLast ? null : page.End + 1, ct);
            if (rejected is not null || isLast)
            {
                return null;
            }

            from = page.End + 1;
        }
    }

    /// <summary>Stores what a catch-up has delivered, and what still blocks the account.</summary>
    /// <param name="rejected">The event that blocks the account now; null if there is none.</param>
    /// <param name="from">Where the catch-up continues; null if it ends.</param>
    private async Task StoreAsync(
        PublisherRow row, BlockedAccount account, ReleasedPage page, Rejected? rejected, long? from, CancellationToken ct)
    {
        var end = rejected?.Event.Position ?? long.MaxValue;
        List<Rejected> separate = [.. page.Separate.Where(e => e.Position < end).Select(Undeliverable)];
        await CommitAsync(
            async transaction =>
            {
                await PublisherStore.AddDeliveredAsync(transaction, row.Name, Epoch, page.Due.Count(e => e.Position < end), ct);
                await services.Blocked.AddAsync(transaction, row.Name, separate, ct);
                await (rejected is not null ? services.Blocked.KeepBlockedAsync(transaction, account, rejected, ct)
                    : from is { } position ? BlockedAccounts.MoveAsync(transaction, account, position, ct)
                    : BlockedAccounts.RemoveAsync(transaction, account, ct));
            },
            ct);
        Block(separate);
        if ((rejected?.Event.Position ?? from) is { } since)
        {
            _blocked[account.Account] = since;
        }
        else
        {
            _blocked.Remove(account.Account);
        }
    }

    private void Block(IEnumerable<Rejected> rejected)
    {
        foreach (var e in rejected.Select(r => r.Event))
        {
            _blocked[e.Stream] = Math.Min(e.Position, _blocked.GetValueOrDefault(e.Stream, long.MaxValue));
        }
    }

    /// <summary>
    /// The events of the page, with the event that blocks the account. That one is delivered even if what finds the events of an account no
    /// longer finds it: without it the account would be unblocked, and the event lost.
    /// </summary>
    private async Task<IReadOnlyList<PublicEvent>> WithBlockedEventAsync(
        BlockedAccount account, long from, PublicPage page, CancellationToken ct) =>
        from == account.Position && page.Events.All(e => e.Id != account.EventId)
            && await services.Log.FindAtAsync(account.Position, ct) is { } blocking && blocking.Id == account.EventId
            ? [blocking, .. page.Events]
            : page.Events;

    private bool IsWanted(PublicEvent e) => e.Unreadable is not null || _destination!.Wants(e);

    /// <summary>Whether it waits: behind an event of its account, or behind an unreadable one of the stream that stores it.</summary>
    private bool IsBlocked(PublicEvent e, HashSet<Guid> further) =>
        _blocked.ContainsKey(e.Stream) || _blocked.ContainsKey(e.StoredIn) || further.Contains(e.Stream) || further.Contains(e.StoredIn);

    /// <summary>Splits events into those to deliver and the first unreadable event, or event of a paused type, of each account.</summary>
    private (List<PublicEvent> Due, List<Rejected> Undeliverable) Split(PublisherRow row, List<PublicEvent> events)
    {
        var due = new List<PublicEvent>(events.Count);
        var undeliverable = new List<Rejected>();
        var newlyBlocked = new HashSet<Guid>();
        foreach (var e in events.Where(e => IsWanted(e) && !IsBlocked(e, newlyBlocked)))
        {
            if (e.Unreadable is not null || row.PausedTypes.Contains(e.Type))
            {
                newlyBlocked.Add(e.Stream);
                undeliverable.Add(Undeliverable(e));
            }
            else
            {
                due.Add(e);
            }
        }

        return (due, undeliverable);
    }

    private static Rejected Undeliverable(PublicEvent e) => e.Unreadable is { } failure
        ? new(e, BlockedAccounts.UnreadableCause, PlainText.Escaped(failure.Message))
        : new(e, BlockedAccounts.PausedCause, "Events of this type are paused.");
}
