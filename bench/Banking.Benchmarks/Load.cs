using System.Diagnostics;

namespace Banking.Benchmarks;

/// <summary>The outcome of one request: the numbers of accepted and refused commands and of errors.</summary>
internal readonly record struct Counted(int Accepted, int Refused, int Errors);

/// <summary>The result of a run of requests.</summary>
internal sealed record Measured(double Seconds, long Accepted, long Refused, long Errors, double P50Ms, double P99Ms, double MaxMs);

/// <summary>Generates load for a given time.</summary>
internal static class Load
{
    /// <summary>Closed loop: each caller sends its next request after the answer to its previous one.</summary>
    public static async Task<Measured> ClosedAsync(int callers, TimeSpan duration, Func<int, long, Task<Counted>> send)
    {
        var stop = Stopwatch.GetTimestamp() + (long)(duration.TotalSeconds * Stopwatch.Frequency);
        var latencies = Enumerable.Range(0, callers).Select(_ => new Latencies()).ToArray();
        var counts = new Counted[callers];
        var clock = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, callers).Select(caller => Task.Run(async () =>
        {
            var (accepted, refused, errors) = (0, 0, 0);
            for (var i = 0L; Stopwatch.GetTimestamp() < stop; i++)
            {
                var start = Stopwatch.GetTimestamp();
                var counted = await send(caller, i);
                latencies[caller].Add(Stopwatch.GetTimestamp() - start);
                (accepted, refused, errors) = (accepted + counted.Accepted, refused + counted.Refused, errors + counted.Errors);
            }

            counts[caller] = new(accepted, refused, errors);
        })));
        return Sum(clock.Elapsed, counts, latencies);
    }

    /// <summary>
    /// Open loop: requests are due at fixed times, independent of earlier answers. Latency counts from the due time, so that a stall
    /// affects all requests due during it (no coordinated omission).
    /// </summary>
    public static async Task<Measured> OpenAsync(int callers, double perSecond, TimeSpan duration, Func<int, long, Task<Counted>> send)
    {
        var total = (long)(perSecond * duration.TotalSeconds);
        var next = -1L;
        var latencies = Enumerable.Range(0, callers).Select(_ => new Latencies()).ToArray();
        var counts = new Counted[callers];
        // Begin after all callers have started, so that the start of the load does not count as latency.
        var begin = Stopwatch.GetTimestamp() + (long)(0.05 * Stopwatch.Frequency);
        var clock = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, callers).Select(caller => Task.Run(async () =>
        {
            var (accepted, refused, errors) = (0, 0, 0);
            for (var i = Interlocked.Increment(ref next); i < total; i = Interlocked.Increment(ref next))
            {
                var due = begin + (long)(i / perSecond * Stopwatch.Frequency);
                if (due - Stopwatch.GetTimestamp() is var early and > 0)
                {
                    await Pause(early);
                }

                var counted = await send(caller, i);
                latencies[caller].Add(Stopwatch.GetTimestamp() - due);
                (accepted, refused, errors) = (accepted + counted.Accepted, refused + counted.Refused, errors + counted.Errors);
            }

            counts[caller] = new(accepted, refused, errors);
        })));
        return Sum(clock.Elapsed, counts, latencies);
    }

    private static Task Pause(long ticks) => Task.Delay(TimeSpan.FromSeconds(ticks / (double)Stopwatch.Frequency), TimeProvider.System);

    private static Measured Sum(TimeSpan elapsed, Counted[] counts, Latencies[] latencies)
    {
        var (p50, p99, max) = Latencies.Summarize(latencies);
        return new(
            elapsed.TotalSeconds,
            counts.Sum(c => (long)c.Accepted),
            counts.Sum(c => (long)c.Refused),
            counts.Sum(c => (long)c.Errors),
            p50,
            p99,
            max);
    }
}
