using System.Collections.Concurrent;

namespace Banking.Web.Commands;

/// <summary>The idempotency keys of requests that run on this host: a repeat that arrives meanwhile is asked to come back later.</summary>
public sealed class InFlightKeys
{
    private readonly ConcurrentDictionary<Guid, bool> _keys = new();

    /// <summary>Runs the work; null if its key is already in use.</summary>
    public Task<T>? Run<T>(Guid receiptId, Func<Task<T>> work)
    {
        return _keys.TryAdd(receiptId, true) ? RunTrackedAsync([receiptId], work) : null;
    }

    /// <summary>Runs the work; null if any of its keys is already in use.</summary>
    public Task<T>? RunAll<T>(IReadOnlyList<Guid> receiptIds, Func<Task<T>> work)
    {
        for (var i = 0; i < receiptIds.Count; i++)
        {
            if (!_keys.TryAdd(receiptIds[i], true))
            {
                Release(receiptIds.Take(i));
                return null;
            }
        }

        return RunTrackedAsync(receiptIds, work);
    }

    private async Task<T> RunTrackedAsync<T>(IReadOnlyList<Guid> receiptIds, Func<Task<T>> work)
    {
        try
        {
            return await work();
        }
        finally
        {
            Release(receiptIds);
        }
    }

    private void Release(IEnumerable<Guid> receiptIds)
    {
        foreach (var id in receiptIds)
        {
            _keys.TryRemove(id, out _);
        }
    }
}
