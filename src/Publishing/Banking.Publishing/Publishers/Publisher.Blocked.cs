namespace Banking.Publishing.Publishers;

// How a publisher releases blocked accounts.
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
            var due = page
                .Events.Where(e => spec.Filter.Takes(e) && IsWanted(e))
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
}
