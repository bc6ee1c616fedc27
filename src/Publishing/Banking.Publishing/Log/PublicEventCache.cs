using Banking.EventStore.Log;

namespace Banking.Publishing.Log;

/// <summary>
/// Cache of the newest published events: each is read, made and serialized once for all destinations and feeds of a host, which are within
/// a second of each other.
/// </summary>
internal sealed class PublicEventCache(PublicEventCache.Reader read) : IDisposable
{
    /// <summary>Number of positions that are kept.</summary>
    public const int MaxPositions = 5_000;

    /// <summary>Number of pages that are kept for readers at the same position.</summary>
    private const int MaxPages = 64;

    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly List<PublicEvent> _events = [];
    private readonly Dictionary<(long After, long End), PublicPage> _pages = [];

    private string? _log;
    private long _after;
    private long _end;

    /// <summary>Reads the published events after one position up to another from this log.</summary>
    public delegate Task<PublicPage> Reader(long after, long upTo, string log, CancellationToken ct);

    /// <inheritdoc cref="Reader"/>
    public async Task<PublicPage> ReadAsync(long after, long upTo, string log, CancellationToken ct)
    {
        await _turn.WaitAsync(ct);
        try
        {
            if (_log != log || after > _end)
            {
                _events.Clear();
                _pages.Clear();
                (_log, _after, _end) = (log, after, after);
            }

            if (after >= _after)
            {
                if (upTo > _end)
                {
                    await ExtendAsync(after, upTo, log, ct);
                }

                return Slice(after, Math.Min(upTo, _end));
            }
        }
        finally
        {
            _turn.Release();
        }

        // Far behind the other readers: not worth caching.
        return await read(after, upTo, log, ct);
    }

    public void Dispose() => _turn.Dispose();

    private async Task ExtendAsync(long after, long upTo, string log, CancellationToken ct)
    {
        try
        {
            var next = await read(_end, upTo, log, ct);
            _events.AddRange(next.Events);
            _end = next.End;
        }
        catch (UnreadableEventException) when (after < _end)
        {
            // The reader gets the events before the unreadable one, and the exception with the next call.
            return;
        }

        if (_end - _after > 2 * MaxPositions)
        {
            _after = _end - MaxPositions;
            _events.RemoveRange(0, CountUpTo(_after));
        }

        _pages.Clear();
    }

    private PublicPage Slice(long after, long upTo)
    {
        if (_pages.TryGetValue((after, upTo), out var known))
        {
            return known;
        }

        if (_pages.Count >= MaxPages)
        {
            _pages.Clear();
        }

        var (from, to) = (CountUpTo(after), CountUpTo(upTo));
        return _pages[(after, upTo)] = new(_events.GetRange(from, to - from), upTo) { Log = _log };
    }

    /// <summary>Number of cached events that are not after a position.</summary>
    private int CountUpTo(long position)
    {
        var (low, high) = (0, _events.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = _events[middle].Position <= position ? (middle + 1, high) : (low, middle);
        }

        return low;
    }
}
