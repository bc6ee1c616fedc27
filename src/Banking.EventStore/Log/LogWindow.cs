namespace Banking.EventStore.Log;

/// <summary>The newest part of the log in memory: every item of it after one position up to another.</summary>
/// <param name="positionOf">The position of an item.</param>
/// <param name="capacity">Number of positions that are kept. Twice as many are held before the older half is dropped.</param>
public sealed class LogWindow<T>(Func<T, long> positionOf, int capacity)
{
    private readonly List<T> _items = [];

    private long _after;

    /// <summary>The log that the positions belong to (<see cref="HighWaterMark.Server"/>).</summary>
    public string? Log { get; private set; }

    /// <summary>Up to this position the window is complete.</summary>
    public long End { get; private set; }

    /// <summary>Starts again after a position, if the window is of another log or ends before it.</summary>
    /// <returns>Whether it started again.</returns>
    public bool Begin(string? log, long after)
    {
        if (Log == log && after <= End)
        {
            return false;
        }

        _items.Clear();
        (Log, _after, End) = (log, after, after);
        return true;
    }

    /// <summary>Drops all items; the next reader fills the window again.</summary>
    public void Clear()
    {
        _items.Clear();
        (Log, _after, End) = (null, 0, 0);
    }

    /// <summary>Whether the window has all items after a position, as far as it goes.</summary>
    public bool Covers(long after) => after >= _after;

    public void Append(IEnumerable<T> items, long end)
    {
        _items.AddRange(items);
        End = end;
    }

    /// <summary>The items after one position up to another.</summary>
    public List<T> Slice(long after, long upTo)
    {
        var (from, to) = (CountUpTo(after), CountUpTo(upTo));
        return _items.GetRange(from, to - from);
    }

    /// <summary>Drops what is too old.</summary>
    public void Trim()
    {
        if (End - _after > 2 * capacity)
        {
            _after = End - capacity;
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
