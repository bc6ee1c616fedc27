using Microsoft.Extensions.Logging;

namespace Banking.Publishing.Publishers;

// How accounts that an unreadable event blocks are released: by a host that can read it, or after its repair.
internal sealed partial class PublisherScheduler
{
    /// <summary>The number of events that are looked at in one go.</summary>
    private const int MaxUnreadable = 200;

    private static readonly TimeSpan MinUnreadableInterval = TimeSpan.FromSeconds(1);

    /// <summary>The repair of an event is not reported, so its accounts wait so long at most.</summary>
    private static readonly TimeSpan MaxUnreadableInterval = TimeSpan.FromSeconds(10);

    private TimeSpan _unreadableInterval = MinUnreadableInterval;
    private long _nextUnreadable;

    /// <summary>The last position of this round; 0 at its beginning.</summary>
    private long _unreadableAfter;

    /// <summary>The number of unreadable events in this round, and in the one before.</summary>
    private (int Now, int Before) _unreadable;

    /// <summary>
    /// Releases the accounts whose unreadable event this host can read: it may know a type that the host before did not, or the event was
    /// repaired. While there are none, an account that waits costs no attempt and few looks.
    /// </summary>
    private async Task RetryUnreadableAsync(CancellationToken ct)
    {
        if (_clock.GetTimestamp() < _nextUnreadable)
        {
            return;
        }

        _nextUnreadable = After(MinUnreadableInterval);
        if (!_publishers.Values.Any(p => p.Publisher.HasBlockedAccounts))
        {
            return;
        }

        try
        {
            var positions = await services.Blocked.ListUnreadableAsync(_unreadableAfter, MaxUnreadable, ct);
            var unreadable = positions.Count == 0 ? new HashSet<long>() : await services.Log.FindUnreadableAsync(positions, ct);
            long[] readable = [.. positions.Where(p => !unreadable.Contains(p))];
            if (readable.Length > 0)
            {
                foreach (var publisher in await services.Blocked.ReleaseUnreadableAsync(readable, ct))
                {
                    Request(publisher);
                }
            }

            PlanNextLook(positions, unreadable.Count);
        }
        catch (Exception failure) when (IsOfDatabase(failure))
        {
            _logger.LogDebug(failure, "Cannot release accounts that unreadable events block; retrying");
        }
    }

    /// <summary>
    /// Looks at the rest of a round at once, and waits longer between rounds while the same number of events stays unreadable.
    /// </summary>
    private void PlanNextLook(IReadOnlyList<long> positions, int unreadable)
    {
        _unreadable.Now += unreadable;
        if (positions.Count == MaxUnreadable)
        {
            (_unreadableAfter, _nextUnreadable) = (positions[^1], 0);
            return;
        }

        _unreadableInterval = _unreadable.Now != _unreadable.Before ? MinUnreadableInterval
            : 2 * _unreadableInterval < MaxUnreadableInterval ? 2 * _unreadableInterval
            : MaxUnreadableInterval;
        (_unreadableAfter, _unreadable, _nextUnreadable) = (0, (0, _unreadable.Now), After(_unreadableInterval));
    }
}
