using System.Diagnostics;
using Npgsql;

namespace Banking.Benchmarks;

/// <summary>
/// Asks every 50 ms how long ago the first event was recorded that some read model does not hold: what a reader of that model would miss.
/// </summary>
internal sealed class LagSampler : IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    private readonly Latencies _lags = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _sampling;

    public LagSampler(NpgsqlDataSource source) => _sampling = SampleAsync(source);

    public async Task<(double P50, double P99, double Max)> StopAsync()
    {
        await _stop.CancelAsync();
        await _sampling;
        return Latencies.Of([_lags]);
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
            await using var command = source.CreateCommand(
                """
                select coalesce(extract(epoch from clock_timestamp() - (select timestamp from bank.mt_events where not is_archived and seq_id >
                    (select min(position) from platform.read_model where state = 'serving') order by seq_id limit 1)), 0)::float8
                """);
            var seconds = (double)(await command.ExecuteScalarAsync())!;
            _lags.Add((long)(Math.Max(0, seconds) * Stopwatch.Frequency));
            await Task.Delay(Pause, TimeProvider.System);
        }
    }
}
