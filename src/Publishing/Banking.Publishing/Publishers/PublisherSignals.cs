using System.Collections.Concurrent;

namespace Banking.Publishing.Publishers;

/// <summary>Wakes a lane of this host when somebody asked for something; a lane of another host looks by itself within a second.</summary>
public sealed class PublisherSignals
{
    private readonly ConcurrentDictionary<string, TaskCompletionSource> _bells = new();
    private readonly ConcurrentDictionary<string, bool> _asked = new();

    public void Ask(string lane)
    {
        _asked[lane] = true;
        if (_bells.TryRemove(lane, out var bell))
        {
            bell.TrySetResult();
        }
    }

    /// <summary>Whether somebody asked since the last time that this was asked.</summary>
    internal bool WasAsked(string lane) => _asked.TryRemove(lane, out _);

    /// <summary>Returns when somebody asks, or the time is over.</summary>
    /// <returns>Whether somebody asked.</returns>
    internal async Task<bool> WaitAsync(string lane, TimeSpan atMost, CancellationToken ct)
    {
        var bell = _bells.GetOrAdd(lane, _ => new(TaskCreationOptions.RunContinuationsAsynchronously));
        var rang = await Task.WhenAny(bell.Task, Task.Delay(atMost, ct)) == bell.Task;
        ct.ThrowIfCancellationRequested();
        return rang;
    }
}
