using System.Collections.Concurrent;

namespace Banking.Web.Commands;

/// <summary>The idempotency keys that this host is working on: a repeat that overtakes its original is told to come back.</summary>
public sealed class InFlightKeys
{
    private readonly ConcurrentDictionary<Guid, bool> _keys = new();

    /// <summary>Runs the work unless its key is already at work; then null.</summary>
    public Task<T>? Run<T>(Guid receiptId, Func<Task<T>> work)
    {
        ArgumentNullException.ThrowIfNull(work);
        return _keys.TryAdd(receiptId, true) ? Tracked([receiptId], work) : null;
    }

    /// <summary>Runs the work unless any of its keys is already at work; then null.</summary>
    public Task<T>? RunAll<T>(IReadOnlyList<Guid> receiptIds, Func<Task<T>> work)
    {
        ArgumentNullException.ThrowIfNull(receiptIds);
        ArgumentNullException.ThrowIfNull(work);
        for (var i = 0; i < receiptIds.Count; i++)
        {
            if (!_keys.TryAdd(receiptIds[i], true))
            {
                Leave(receiptIds.Take(i));
                return null;
            }
        }

        return Tracked(receiptIds, work);
    }

    private async Task<T> Tracked<T>(IReadOnlyList<Guid> receiptIds, Func<Task<T>> work)
    {
        try
        {
            return await work();
        }
        finally
        {
            Leave(receiptIds);
        }
    }

    private void Leave(IEnumerable<Guid> receiptIds)
    {
        foreach (var id in receiptIds)
        {
            _keys.TryRemove(id, out _);
        }
    }
}
