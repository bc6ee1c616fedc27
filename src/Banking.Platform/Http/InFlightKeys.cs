using System.Collections.Concurrent;

namespace Banking.Platform.Http;

/// <summary>The idempotency keys that this host is working on: a repeat that overtakes its original is told to come back.</summary>
public sealed class InFlightKeys
{
    private readonly ConcurrentDictionary<Guid, bool> _keys = new();

    /// <summary>Runs the work unless its key is already at work; then null.</summary>
    public Task<T>? Run<T>(Guid receiptId, Func<Task<T>> work)
    {
        ArgumentNullException.ThrowIfNull(work);
        return _keys.TryAdd(receiptId, true) ? Tracked(receiptId, work) : null;
    }

    private async Task<T> Tracked<T>(Guid receiptId, Func<Task<T>> work)
    {
        try
        {
            return await work();
        }
        finally
        {
            _keys.TryRemove(receiptId, out _);
        }
    }
}
