namespace Banking.Publishing.Publishers;

// How accounts go on that waited.
internal sealed partial class Publisher
{
    /// <summary>
    /// Accounts that somebody asked to be tried again, or whose held type is held no more: what waits is read from the log and delivered
    /// first.
    /// </summary>
    private async Task ReleaseAsync(PublisherRow row, CancellationToken ct)
    {
        if (_waiting.Count == 0 || !(signals.WasAsked(spec.Name) || clock.GetElapsedTime(_looked) > Pause))
        {
            return;
        }

        _looked = clock.GetTimestamp();
        IReadOnlyList<BlockedAccount> released;
        do
        {
            released = await waiting.ReleasedAsync(row.Name, row.HeldTypes, Accounts, ct);
            foreach (var account in released)
            {
                await CatchUpAsync(row, account, ct);
            }
        }
        while (released.Count == Accounts);
    }

    private async Task CatchUpAsync(PublisherRow row, BlockedAccount account, CancellationToken ct)
    {
        _destination ??= await OpenAsync(ct);
        var from = account.Position;
        while (true)
        {
            var page = await log.OfAccountAsync(account.Account, from, row.Position, EventsOfAccount, ct);
            var due = page
                .Events.Where(e => _destination.Wants(e) && !(account.Release == BlockedAccounts.Discard && e.Position == account.Position))
                .ToList();
            var stop = due.FindIndex(e => row.HeldTypes.Contains(e.Type));
            var (now, held) = stop < 0 ? (due, null) : (due[..stop], due[stop]);
            var rejected = await DeliverAsync(now, ct) is [var first, ..] ? first : held is null ? null : Held(held);
            var last = rejected is null && page.End == row.Position;
            await CommitAsync(
                async transaction =>
                {
                    var delivered = rejected is null ? now.Count : now.Count(e => e.Position < rejected.Event.Position);
                    await PublisherStore.CountAsync(transaction, row.Name, _epoch, delivered, ct);
                    await (rejected is not null ? waiting.WaitOnAsync(transaction, account, rejected, ct)
                        : last ? BlockedAccounts.RemoveAsync(transaction, account, ct)
                        : BlockedAccounts.MoveAsync(transaction, account, page.End + 1, ct));
                },
                ct);
            if (rejected is not null)
            {
                return;
            }

            if (last)
            {
                _waiting.Remove(account.Account);
                return;
            }

            from = page.End + 1;
        }
    }
}
