using System.Collections.Concurrent;

namespace Banking.Publishing.Publishers;

/// <summary>Wakes a publisher of this host when an operator makes a request; publishers of other hosts check within a second.</summary>
public sealed class PublisherSignals
{
    private readonly ConcurrentDictionary<string, TaskCompletionSource> _waiters = new();
    private readonly ConcurrentDictionary<string, bool> _requested = new();

    public void Request(string publisher)
    {
        _requested[publisher] = true;
        if (_waiters.TryRemove(publisher, out var waiter))
        {
            waiter.TrySetResult();
        }
    }

    /// <summary>Whether a request was made since the last call.</summary>
    internal bool TakeRequest(string publisher) => _requested.TryRemove(publisher, out _);

    /// <summary>Returns when a request is made, or after the timeout.</summary>
    /// <returns>Whether a request was made.</returns>
    internal async Task<bool> WaitAsync(string publisher, TimeSpan timeout, CancellationToken ct)
    {
        var waiter = _waiters.GetOrAdd(publisher, _ => new(TaskCreationOptions.RunContinuationsAsynchronously));
        var isRequested = await Task.WhenAny(waiter.Task, Task.Delay(timeout, ct)) == waiter.Task;
        ct.ThrowIfCancellationRequested();
        return isRequested;
    }
}
