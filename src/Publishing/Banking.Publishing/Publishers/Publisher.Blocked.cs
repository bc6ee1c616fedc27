using Banking.Publishing.Log;
using Banking.SharedKernel;

namespace Banking.Publishing.Publishers;

// Which events wait behind a blocked one, and how a publisher releases blocked accounts.
internal sealed partial class Publisher
{
    /// <summary>
    /// Delivers the events of accounts that an operator released, or whose event type is no longer held. Their events are read from the log
    /// and delivered before the next page.
    /// </summary>
    private async Task ReleaseAccountsAsync(PublisherRow row, CancellationToken ct)
    {
        while (_mustCheckReleases && _blocked.Count > 0)
        {
            // Reset before reading: a request that arrives meanwhile must be seen. After a failure the next run checks again.
            _mustCheckReleases = false;
            try
            {
                var released = await services.Blocked.ListReleasedAsync(row.Name, row.HeldTypes, MaxReleasedAccounts, ct);
                foreach (var account in released)
                {
                    await CatchUpAsync(row, account, ct);
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

    private async Task CatchUpAsync(PublisherRow row, BlockedAccount account, CancellationToken ct)
    {
        _destination ??= await OpenAsync(ct);
        var from = account.Position;
        while (true)
        {
            var page = await services.Log.OfAccountAsync(account.Account, from, Position, MaxEventsOfAccount, ct);
            var due = (await WithBlockedEventAsync(account, from, page, ct))
                .Where(e => spec.Filter.Takes(e) && IsWanted(e))
                .Where(e => !(account.Release == BlockedAccounts.Discard && e.Position == account.Position))
                .ToList();
            var firstHeld = due.FindIndex(e => e.Unreadable is not null || row.HeldTypes.Contains(e.Type));
            var (now, held) = firstHeld < 0 ? (due, null) : (due[..firstHeld], due[firstHeld]);
            var rejected = await DeliverAsync(now, ct) is [var first, ..] ? first : held is null ? null : Undeliverable(held);
            var isLast = rejected is null && page.End == Position;
            await CommitAsync(
                async transaction =>
                {
                    var delivered = rejected is null ? now.Count : now.Count(e => e.Position < rejected.Event.Position);
                    await PublisherStore.AddDeliveredAsync(transaction, row.Name, Epoch, delivered, ct);
                    await (rejected is not null ? services.Blocked.KeepBlockedAsync(transaction, account, rejected, ct)
                        : isLast ? BlockedAccounts.RemoveAsync(transaction, account, ct)
                        : BlockedAccounts.MoveAsync(transaction, account, page.End + 1, ct));
                },
                ct);
            if (rejected is not null)
            {
                return;
            }

            if (isLast)
            {
                _blocked.Remove(account.Account);
                return;
            }

            from = page.End + 1;
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
    private static bool IsBlocked(PublicEvent e, HashSet<Guid> blocked) => blocked.Contains(e.Stream) || blocked.Contains(e.StoredIn);

    /// <summary>Splits events into those to deliver and the first held or unreadable event of each account that it blocks.</summary>
    private (List<PublicEvent> Due, List<Rejected> Held) SplitHeld(PublisherRow row, List<PublicEvent> events)
    {
        var due = new List<PublicEvent>(events.Count);
        var held = new List<Rejected>();
        var newlyBlocked = new HashSet<Guid>();
        foreach (var e in events.Where(e => IsWanted(e) && !IsBlocked(e, _blocked) && !IsBlocked(e, newlyBlocked)))
        {
            if (e.Unreadable is not null || row.HeldTypes.Contains(e.Type))
            {
                newlyBlocked.Add(e.Stream);
                held.Add(Undeliverable(e));
            }
            else
            {
                due.Add(e);
            }
        }

        return (due, held);
    }

    private static Rejected Undeliverable(PublicEvent e) => e.Unreadable is { } failure
        ? new(e, BlockedAccounts.UnreadableCause, PlainText.Escaped(failure.Message))
        : new(e, BlockedAccounts.HeldCause, "Events of this type are held.");
}
