namespace Banking.EventStore.Log;

/// <summary>
/// Cache of the newest part of the log, for readers that are within a second of each other: every item after one position up to another.
/// </summary>
/// <param name="positionOf">The position of an item.</param>
/// <param name="capacity">Number of positions that are kept. Twice as many are held before the older half is dropped.</param>
/// <param name="read">Reads the items of a log after one position up to another, and returns the position up to which it has them.</param>
public sealed class LogWindow<T>(
    Func<T, long> positionOf,
    int capacity,
    Func<long, long, string?, CancellationToken, Task<(IReadOnlyList<T> Items, long End)>> read) : IDisposable
{
    /// <summary>Number of pages that are kept for readers at the same position.</summary>
    private const int MaxPages = 64;

    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly List<T> _items = [];
    private readonly Dictionary<(long After, long End), IReadOnlyList<T>> _pages = [];

    /// <summary>The log that the positions belong to (<see cref="HighWaterMark.Server"/>).</summary>
    private string? _log;

    private long _after;
    private long _end;

    /// <summary>Returns the items of this log after one position up to another, and the position up to which it has them.</summary>
    public async Task<(IReadOnlyList<T> Items, long End)> ReadAsync(long after, long upTo, string? log, CancellationToken ct)
    {
        await _turn.WaitAsync(ct);
        try
        {
            if (log != _log || after > _end)
            {
                Clear();
                (_log, _after, _end) = (log, after, after);
            }

            if (after >= _after)
            {
                if (upTo > _end)
                {
                    (var items, _end) = await read(_end, upTo, log, ct);
                    _items.AddRange(items);
                    _pages.Clear();
                }

                var end = Math.Min(upTo, _end);
                var page = Page(after, end);
                Trim();
                return (page, end);
            }
        }
        finally
        {
            _turn.Release();
        }

        // Far behind the other readers: not worth caching.
        return await read(after, upTo, log, ct);
    }

    /// <summary>Drops all items, because one that could not be read can be read now. The next reader fills the window again.</summary>
    public async Task ForgetAsync(CancellationToken ct)
    {
        await _turn.WaitAsync(ct);
        Clear();
        (_log, _after, _end) = (null, 0, 0);
        _turn.Release();
    }

    public void Dispose() => _turn.Dispose();

    private void Clear()
    {
        _items.Clear();
        _pages.Clear();
    }

    private IReadOnlyList<T> Page(long after, long end)
    {
        if (_pages.TryGetValue((after, end), out var known))
        {
            return known;
        }

        if (_pages.Count >= MaxPages)
        {
            _pages.Clear();
        }

        var (from, to) = (CountUpTo(after), CountUpTo(end));
        return _pages[(after, end)] = _items.GetRange(from, to - from);
    }

    /// <summary>Drops what is too old.</summary>
    private void Trim()
    {
        if (_end - _after > 2 * capacity)
        {
            _after = _end - capacity;
            _items.RemoveRange(0, CountUpTo(_after));
        }
    }

    /// <summary>Number of items that are not after a position.</summary>
    private int CountUpTo(long position)
    {
        var (low, high) = (0, _items.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = positionOf(_items[middle]) <= position ? (middle + 1, high) : (low, middle);
        }

        return low;
    }
}
