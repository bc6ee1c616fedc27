namespace Banking.Benchmarks;

/// <summary>Latencies of one caller in ticks. They are merged after the run, so that callers do not wait for each other.</summary>
internal sealed class Latencies
{
    private readonly List<long> _ticks = new(4_096);

    public void Add(long ticks) => _ticks.Add(ticks);

    public static (double P50, double P99, double Max) Summarize(IEnumerable<Latencies> all)
    {
        var ticks = all.SelectMany(l => l._ticks).ToArray();
        if (ticks.Length == 0)
        {
            return (0, 0, 0);
        }

        Array.Sort(ticks);
        return (Milliseconds(ticks[ticks.Length / 2]), Milliseconds(ticks[(int)(ticks.Length * 0.99)]), Milliseconds(ticks[^1]));
    }

    private static double Milliseconds(long ticks) => Math.Round(ticks * 1000.0 / System.Diagnostics.Stopwatch.Frequency, 2);
}
