using Banking.EventStore.Log;
using Microsoft.Extensions.Logging;

namespace Banking.Publishing.Publishers;

// How accounts that an unreadable event blocks are released: by a host that can read it, or after its repair.
internal sealed partial class PublisherScheduler
{
    private static readonly TimeSpan UnreadableInterval = TimeSpan.FromSeconds(1);

    private long _nextUnreadable;

    /// <summary>The host that led before may have been of a version that could not read events which this host can.</summary>
    private bool _mustRetryAll = true;

    /// <summary>
    /// Releases the accounts that unreadable events block: all when this host begins to lead, later when the first of the events can be
    /// read. An account whose event still cannot be read stays blocked.
    /// </summary>
    private async Task RetryUnreadableAsync(CancellationToken ct)
    {
        if (_clock.GetTimestamp() < _nextUnreadable)
        {
            return;
        }

        _nextUnreadable = After(UnreadableInterval);
        try
        {
            if (_mustRetryAll || (await services.Blocked.FirstUnreadableAsync(ct) is { } first && await CanBeReadAsync(first, ct)))
            {
                foreach (var publisher in await services.Blocked.ReleaseUnreadableAsync(ct))
                {
                    Request(publisher);
                }

                _mustRetryAll = false;
            }
        }
        catch (Exception failure) when (IsOfDatabase(failure))
        {
            _logger.LogDebug(failure, "Cannot release accounts that unreadable events block; retrying");
        }
    }

    private async Task<bool> CanBeReadAsync(BlockedAccount account, CancellationToken ct)
    {
        try
        {
            await services.Log.OfAccountAsync(account.Account, account.Position, account.Position, 1, ct);
            return true;
        }
        catch (UnreadableEventException)
        {
            return false;
        }
    }
}
