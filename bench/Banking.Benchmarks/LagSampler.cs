using System.Diagnostics;
using Npgsql;

namespace Banking.Benchmarks;

/// <summary>
/// Samples the lag of the slowest read model every 50 ms: the age of the first event that it does not contain.
/// </summary>
internal sealed class LagSampler : IAsyncDisposable
{
    private const string Query =
        """
        select coalesce(extract(epoch from clock_timestamp() - (
            select timestamp from bank.mt_events where not is_archived and seq_id >
                (select min(position) from platform.read_model where state = 'serving') order by seq_id limit 1)), 0)::float8
        """;

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(50);

    private readonly Latencies _lags = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _sampling;

    public LagSampler(NpgsqlDataSource source) => _sampling = SampleAsync(source);

    public async Task<(double P50, double P99, double Max)> StopAsync()
    {
        await _stop.CancelAsync();
        await _sampling;
        return Latencies.Summarize([_lags]);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _stop.Dispose();
    }

    private async Task SampleAsync(NpgsqlDataSource source)
    {
        while (!_stop.IsCancellationRequested)
        {
            var seconds = await source.ReadAsync<double>(Query);
            _lags.Add((long)(Math.Max(0, seconds) * Stopwatch.Frequency));
            await Task.Delay(Interval, TimeProvider.System);
        }
    }
}
