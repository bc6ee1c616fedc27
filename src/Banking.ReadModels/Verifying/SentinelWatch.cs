using System.Diagnostics.Metrics;
using System.Globalization;
using Banking.EventStore.Log;
using Banking.ReadModels.Lags;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Banking.ReadModels.Verifying;

/// <summary>
/// Reads the sentinel's status once a second on every host, so that a sentinel that fails or does not run is reported by hosts that do not
/// depend on it.
/// </summary>
public sealed class SentinelWatch : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly SentinelSettings _settings;
    private readonly NpgsqlDataSource _source;
    private readonly TimeProvider _clock;
    private readonly ILogger<SentinelWatch> _logger;
    private readonly long _started;

    private volatile Seen _seen = new(SentinelStatus.None, null);

    public SentinelWatch(
        SentinelSettings settings, NpgsqlDataSource source, TimeProvider clock, IMeterFactory meters, ILogger<SentinelWatch> logger)
    {
        (_settings, _source, _clock, _logger, _started) = (settings, source, clock, logger, clock.GetTimestamp());
        var meter = meters.Create(ReadModelLag.MeterName);
        meter.CreateObservableGauge(
            "banking.sentinel.open", () => _seen.Status.Open.Count, "{difference}", "Differences that were found and are not repaired");
        meter.CreateObservableGauge(
            "banking.sentinel.failed", () => _seen.Status.Failure is null ? 0 : 1, null, "1 while the last run failed");
        meter.CreateObservableGauge("banking.sentinel.overdue", () => _seen.Overdue is null ? 0 : 1, null, "1 while a run is overdue");
    }

    /// <summary>The status as last read.</summary>
    public Seen Current => _seen;

    /// <summary>Reads the status now.</summary>
    public async Task<Seen> LookAsync(CancellationToken ct)
    {
        var (status, age) = await SentinelStatus.ReadWithAgeAsync(_source, ct);
        var uptime = _clock.GetElapsedTime(_started);
        // Count from the start of the host at the earliest: after a long downtime the first run is not overdue at once.
        var since = age is { } a && a < uptime ? a : uptime;
        return _seen = new(
            status,
            since <= _settings.Overdue
                ? null
                : string.Create(
                    CultureInfo.InvariantCulture,
                    $"no run has ended for {since.TotalSeconds:0} s, and one is due every {_settings.IntervalSeconds:0.##} s"));
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        PeriodicLoop.RunAsync(
            Pause,
            LookAsync,
            failure => _logger.LogWarning(failure, "Cannot read the sentinel's status; health and metrics keep the last one"),
            stoppingToken);

    /// <param name="Overdue">Why a run is overdue, in words; null if none is.</param>
    public sealed record Seen(SentinelStatus Status, string? Overdue)
    {
        /// <summary>All alarms that need an operator, in words.</summary>
        public IEnumerable<string> Alarms()
        {
            if (Status.Failure is { } failure)
            {
                yield return $"sentinel: the last run failed: {failure}";
            }

            if (Overdue is not null)
            {
                yield return $"sentinel: {Overdue}";
            }

            foreach (var d in Status.Open)
            {
                yield return $"{d.Model}: {d.Table} {d.Stream ?? d.Id}".TrimEnd() + " differs from the log";
            }
        }
    }
}
