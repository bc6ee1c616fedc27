using JasperFx.Events;

namespace Banking.EventStore.Log;

/// <summary>Cache of the newest events, shared by read models, publishers and feeds, which are within a second of each other.</summary>
public sealed class EventCache(LogReader reader, HighWaterMark highWaterMark) : IDisposable
{
    /// <summary>Number of positions that are kept.</summary>
    private const int MaxPositions = 10_000;

    private readonly LogWindow<IEvent> _window = new(e => e.Sequence, MaxPositions, async (after, upTo, _, ct) =>
    {
        var page = await reader.ReadAllAsync(after, upTo, ct);
        return (page.Events, page.End);
    });

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
        var page = await ReadAllAsync(after, upTo, ct, log);
        for (var i = 0; i < page.Events.Count; i++)
        {
            if (UnreadableEvent.FailureOf(page.Events[i]) is not null)
            {
                // The cache keeps the stand-in; in the log the event may have been repaired since.
                return i > 0
                    ? new([.. page.Events.Take(i)], page.Events[i - 1].Sequence)
                    : await reader.ReadAsync(after, upTo, ct, imported: true);
            }
        }

        return page;
    }

    /// <summary>As <see cref="ReadAsync"/>, but an event that cannot be read is there as an <see cref="UnreadableEvent"/>.</summary>
    /// <inheritdoc cref="ReadAsync"/>
    public async Task<LogPage> ReadAllAsync(long after, long upTo, CancellationToken ct, string? log = null)
    {
        var (events, end) = await _window.ReadAsync(after, upTo, log ?? highWaterMark.Server, ct);
        return new(events, end);
    }

    /// <inheritdoc cref="LogWindow{T}.ForgetAsync"/>
    public Task ForgetAsync(CancellationToken ct) => _window.ForgetAsync(ct);

    public void Dispose() => _window.Dispose();
}
