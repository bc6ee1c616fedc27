using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Banking.Publishing.Log;

namespace Banking.Publishing.Publishers;

/// <summary>Metrics of delivered events and of their latency since they were recorded.</summary>
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
        _clock = clock;
        var meter = meters.Create(MeterName);
        _delivered = meter.CreateCounter<long>("banking.publishing.delivered", "{event}", "Events delivered to a destination");
        _latency = meter.CreateHistogram<double>(
            "banking.publishing.latency", "s", "Time from recording to delivery of the oldest event of a delivery", null,
            new() { HistogramBucketBoundaries = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3_600] });
    }

    internal void RecordDelivery(string publisher, IReadOnlyList<PublicEvent> events)
    {
        if (events.Count == 0)
        {
            return;
        }

        var tag = new KeyValuePair<string, object?>("destination", publisher);
        _delivered.Add(events.Count, tag);
        _latency.Record(Math.Max(0, (_clock.GetUtcNow() - events[0].Time).TotalSeconds), tag);
        var recent = _recent.GetOrAdd(publisher, _ => new());
        recent.Enqueue((_clock.GetTimestamp(), events.Count));
        RemoveOld(recent);
    }

    /// <summary>Events per second that this host delivered in the last ten seconds.</summary>
    public double Rate(string publisher)
    {
        if (!_recent.TryGetValue(publisher, out var recent))
        {
            return 0;
        }

        RemoveOld(recent);
        return Math.Round(recent.Sum(r => r.Events) / Window.TotalSeconds, 1);
    }

    private void RemoveOld(ConcurrentQueue<(long At, int Events)> recent)
    {
        while (recent.TryPeek(out var oldest) && _clock.GetElapsedTime(oldest.At) > Window)
        {
            recent.TryDequeue(out _);
        }
    }
}
