using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Banking.Publishing.Log;

namespace Banking.Publishing.Publishers;

/// <summary>Counts what is delivered, and how long after it was recorded.</summary>
public sealed class PublisherMetrics
{
    public const string MeterName = "Banking.Publishing";

    private static readonly TimeSpan Window = TimeSpan.FromSeconds(10);

    private readonly Counter<long> _delivered;
    private readonly Histogram<double> _latency;
    private readonly TimeProvider _clock;
    private readonly ConcurrentDictionary<string, ConcurrentQueue<(long At, int Events)>> _recent = new();

    public PublisherMetrics(IMeterFactory meters, TimeProvider clock)
    {
        ArgumentNullException.ThrowIfNull(meters);
        _clock = clock;
        var meter = meters.Create(MeterName);
        _delivered = meter.CreateCounter<long>("banking.publishing.delivered", "{event}", "Events that a destination has taken");
        _latency = meter.CreateHistogram<double>(
            "banking.publishing.latency", "s", "From being recorded to being taken, of the oldest event of a delivery");
    }

    internal void Delivered(string lane, IReadOnlyList<PublicEvent> events)
    {
        if (events.Count == 0)
        {
            return;
        }

        var tag = new KeyValuePair<string, object?>("destination", lane);
        _delivered.Add(events.Count, tag);
        _latency.Record(Math.Max(0, (_clock.GetUtcNow() - events[0].Time).TotalSeconds), tag);
        var recent = _recent.GetOrAdd(lane, _ => new());
        recent.Enqueue((_clock.GetTimestamp(), events.Count));
        Forget(recent);
    }

    /// <summary>Events a second over the last ten seconds, as delivered by this host.</summary>
    public double Rate(string lane)
    {
        if (!_recent.TryGetValue(lane, out var recent))
        {
            return 0;
        }

        Forget(recent);
        return Math.Round(recent.Sum(r => r.Events) / Window.TotalSeconds, 1);
    }

    private void Forget(ConcurrentQueue<(long At, int Events)> recent)
    {
        while (recent.TryPeek(out var oldest) && _clock.GetElapsedTime(oldest.At) > Window)
        {
            recent.TryDequeue(out _);
        }
    }
}
