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
    private readonly LogWindow<PublicEvent> _window = new(e => e.Position, MaxPositions);
    private readonly Dictionary<(long After, long End), PublicPage> _pages = [];

    /// <summary>Reads the published events after one position up to another from this log.</summary>
    public delegate Task<PublicPage> Reader(long after, long upTo, string log, CancellationToken ct);

    /// <inheritdoc cref="Reader"/>
    public async Task<PublicPage> ReadAsync(long after, long upTo, string log, CancellationToken ct)
    {
        await _turn.WaitAsync(ct);
        try
        {
            if (_window.Begin(log, after))
            {
                _pages.Clear();
            }

            if (_window.Covers(after))
            {
                if (upTo > _window.End)
                {
                    var next = await read(_window.End, upTo, log, ct);
                    _window.Append(next.Events, next.End);
                    _window.Trim();
                    _pages.Clear();
                }

                return Slice(after, Math.Min(upTo, _window.End));
            }
        }
        finally
        {
            _turn.Release();
        }

        // Far behind the other readers: not worth caching.
        return await read(after, upTo, log, ct);
    }

    /// <summary>Drops all events, because one that could not be read can be read now.</summary>
    public async Task ForgetAsync(CancellationToken ct)
    {
        await _turn.WaitAsync(ct);
        _window.Clear();
        _pages.Clear();
        _turn.Release();
    }

    public void Dispose() => _turn.Dispose();

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

        return _pages[(after, upTo)] = new(_window.Slice(after, upTo), upTo) { Log = _window.Log };
    }
}
