using JasperFx.Events;

namespace Banking.EventStore.Log;

/// <summary>Cache of the newest events, shared by read models, publishers and feeds, which are within a second of each other.</summary>
public sealed class EventCache(LogReader reader, HighWaterMark highWaterMark) : IDisposable
{
    /// <summary>Number of positions that are kept.</summary>
    private const int MaxPositions = 10_000;

    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly List<IEvent> _events = [];

    private string? _server;
    private long _after;
    private long _end;

    /// <summary>
    /// Returns the events after one position up to another, oldest first. The log must be complete up to there. The events are shared:
    /// callers must not change them.
    /// </summary>
    /// <exception cref="UnreadableEventException">The first event cannot be read. If a later one cannot, the page ends before it
    /// (<see cref="LogReader.ReadAsync"/>).</exception>
    /// <param name="log">
    /// The log that the positions belong to, a value of <see cref="HighWaterMark.Server"/>; null for the current one. Without it a caller
    /// with positions of the log before a restore would cache gaps where the current log will still get events.
    /// </param>
    public async Task<LogPage> ReadAsync(long after, long upTo, CancellationToken ct, string? log = null)
    {
        await _turn.WaitAsync(ct);
        try
        {
            var server = log ?? highWaterMark.Server;
            if (_server != server || after > _end)
            {
                _events.Clear();
                (_server, _after, _end) = (server, after, after);
            }

            if (after >= _after)
            {
                if (upTo > _end)
                {
                    await ExtendAsync(after, upTo, ct);
                }

                var page = Slice(after, Math.Min(upTo, _end));
                Trim();
                return page;
            }
        }
        finally
        {
            _turn.Release();
        }

        // Far behind the other readers: not worth caching.
        return await reader.ReadAsync(after, upTo, ct, imported: true);
    }

    public void Dispose() => _turn.Dispose();

    private async Task ExtendAsync(long after, long upTo, CancellationToken ct)
    {
        try
        {
            var next = await reader.ReadAsync(_end, upTo, ct, imported: true);
            _events.AddRange(next.Events);
            _end = next.End;
        }
        catch (UnreadableEventException) when (after < _end)
        {
            // The reader gets the events before the unreadable one, and the exception with the next call.
        }
    }

    private LogPage Slice(long after, long upTo)
    {
        var (from, to) = (CountUpTo(after), CountUpTo(upTo));
        return new(_events.GetRange(from, to - from), upTo);
    }

    /// <summary>Number of cached events that are not after a position.</summary>
    private int CountUpTo(long position)
    {
        var (low, high) = (0, _events.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = _events[middle].Sequence <= position ? (middle + 1, high) : (low, middle);
        }

        return low;
    }

    private void Trim()
    {
        if (_end - _after > 2 * MaxPositions)
        {
            _after = _end - MaxPositions;
            _events.RemoveRange(0, CountUpTo(_after));
        }
    }
}
