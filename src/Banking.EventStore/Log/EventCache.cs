using JasperFx.Events;

namespace Banking.EventStore.Log;

/// <summary>
/// The last stretch of the log, read once for all who follow it: read models, ways out and feeds stand within a second of each other.
/// </summary>
public sealed class EventCache(LogReader reader, HighWaterMark mark) : IDisposable
{
    /// <summary>Positions that are kept.</summary>
    private const int Most = 10_000;

    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly List<IEvent> _events = [];

    private string? _server;
    private long _after;
    private long _end;

    /// <summary>
    /// The events after a position up to another, up to which the log must be complete, oldest first. They are shared: nobody changes them.
    /// </summary>
    /// <exception cref="UnreadableEventException">The first of them cannot be read; where a later one cannot, what is before it is answered
    /// (<see cref="LogReader.ReadAsync"/>).</exception>
    /// <param name="log">
    /// The log that is complete up to there, as <see cref="HighWaterMark.Server"/> named it; null for the one of now. A caller whose position is
    /// of the log before a restore must not leave here what others would take for the log of now: that numbers which are yet to come are
    /// missing.
    /// </param>
    public async Task<LogPage> ReadAsync(long after, long upTo, CancellationToken ct, string? log = null)
    {
        await _turn.WaitAsync(ct);
        try
        {
            var server = log ?? mark.Server;
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
                Forget();
                return page;
            }
        }
        finally
        {
            _turn.Release();
        }

        // Far behind the others: not worth keeping.
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
            // Who stands before it is given what comes before it, and is told the next time.
        }
    }

    private LogPage Slice(long after, long upTo)
    {
        var (from, to) = (After(after), After(upTo));
        return new(_events.GetRange(from, to - from), upTo);
    }

    /// <summary>How many events are not after a position.</summary>
    private int After(long position)
    {
        var (low, high) = (0, _events.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = _events[middle].Sequence <= position ? (middle + 1, high) : (low, middle);
        }

        return low;
    }

    private void Forget()
    {
        if (_end - _after > 2 * Most)
        {
            _after = _end - Most;
            _events.RemoveRange(0, After(_after));
        }
    }
}
