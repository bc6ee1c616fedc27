using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using Banking.Commands.Receipts;

namespace Banking.Commands.Groups;

/// <summary>Metrics of commands. The label <c>stream</c> is the type of the streams that the commands change, such as account.</summary>
public sealed class CommandMetrics
{
    public const string MeterName = "Banking.Commands";

    private readonly Counter<long> _outcomes;
    private readonly Histogram<double> _duration;
    private readonly Histogram<int> _groupSize;
    private readonly ConcurrentBag<(string Stream, Func<int> Waiting)> _queues = [];

    public CommandMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(MeterName);
        _outcomes = meter.CreateCounter<long>(
            "banking.commands", "{command}", "Commands by outcome (accepted, refused, replayed, rejected, failed) and code");
        // The default bounds of OpenTelemetry are for milliseconds: every command would be below the first of them.
        _duration = meter.CreateHistogram<double>(
            "banking.commands.duration", "s", "Time from a command's submission to its outcome", null,
            new() { HistogramBucketBoundaries = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30] });
        _groupSize = meter.CreateHistogram<int>(
            "banking.commands.group.size", "{command}", "Commands decided in one transaction", null,
            new() { HistogramBucketBoundaries = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512] });
        meter.CreateObservableGauge(
            "banking.commands.waiting",
            () => _queues.Select(q => new Measurement<int>(q.Waiting(), Stream(q.Stream))),
            "{command}", "Commands that wait for a group");
    }

    internal void Watch(string stream, Func<int> waiting) => _queues.Add((stream, waiting));

    internal void GroupStarted(string stream, int commands) => _groupSize.Record(commands, Stream(stream));

    /// <summary>Counts the outcomes of commands that were submitted now.</summary>
    internal Task<IReadOnlyList<Outcome>> MeasureAsync(string stream, Task<IReadOnlyList<Outcome>> decided) =>
        _outcomes.Enabled || _duration.Enabled ? CountAsync(stream, Stopwatch.GetTimestamp(), decided) : decided;

    private async Task<IReadOnlyList<Outcome>> CountAsync(string stream, long started, Task<IReadOnlyList<Outcome>> decided)
    {
        var outcomes = await decided;
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        foreach (var outcome in outcomes)
        {
            var (name, code) = Describe(outcome);
            var tags = new TagList { Stream(stream), new("outcome", name) };
            _duration.Record(seconds, tags);
            if (code is not null)
            {
                tags.Add("code", code);
            }

            _outcomes.Add(1, tags);
        }

        return outcomes;
    }

    private static (string Name, string? Code) Describe(Outcome outcome) => outcome switch
    {
        Outcome.Accepted => ("accepted", null),
        Outcome.Refused refused => ("refused", refused.Refusal.Code),
        Outcome.Replayed => ("replayed", null),
        Outcome.NotRecorded { Refusal: { IsFailure: true } failed } => ("failed", failed.Code),
        Outcome.NotRecorded { Refusal: var rejected } => ("rejected", rejected.Code),
        _ => throw new UnreachableException(),
    };

    private static KeyValuePair<string, object?> Stream(string stream) => new("stream", stream);
}
