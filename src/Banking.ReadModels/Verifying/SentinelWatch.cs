using System.Diagnostics.Metrics;
using System.Globalization;
using Banking.EventStore.Log;
using Banking.ReadModels.Lags;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Banking.ReadModels.Verifying;

/// <summary>
/// Reads once a second what the sentinel saw last, on every host: a sentinel that fails, or does not look at all, is reported by those that
/// do not depend on it.
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
        ArgumentNullException.ThrowIfNull(meters);
        ArgumentNullException.ThrowIfNull(clock);
        (_settings, _source, _clock, _logger, _started) = (settings, source, clock, logger, clock.GetTimestamp());
        var meter = meters.Create(ReadModelLag.MeterName);
        meter.CreateObservableGauge(
            "banking.sentinel.open", () => _seen.Status.Open.Count, "{difference}", "Differences that were found and are not mended");
        meter.CreateObservableGauge(
            "banking.sentinel.failed", () => _seen.Status.Failure is null ? 0 : 1, null, "1 while the last look failed");
        meter.CreateObservableGauge("banking.sentinel.overdue", () => _seen.Overdue is null ? 0 : 1, null, "1 while a look is overdue");
    }

    /// <summary>As last read.</summary>
    public Seen Current => _seen;

    /// <summary>Reads now.</summary>
    public async Task<Seen> LookAsync(CancellationToken ct)
    {
        var (status, age) = await SentinelStatus.ReadWithAgeAsync(_source, ct);
        var up = _clock.GetElapsedTime(_started);
        // A bank that was down for a week is not overdue in its first seconds.
        var since = age is { } a && a < up ? a : up;
        return _seen = new(
            status,
            since <= _settings.Overdue
                ? null
                : string.Create(
                    CultureInfo.InvariantCulture,
                    $"no look has ended for {since.TotalSeconds:0} s, and one is due every {_settings.IntervalSeconds:0.##} s"));
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        PeriodicLoop.LookAsync(
            Pause,
            LookAsync,
            failure => _logger.LogWarning(failure, "Cannot read what the sentinel saw last; health and metrics keep what was read before"),
            stoppingToken);

    /// <param name="Overdue">Why a look is overdue, in words; null where none is.</param>
    public sealed record Seen(SentinelStatus Status, string? Overdue)
    {
        /// <summary>All that somebody has to look at, in words.</summary>
        public IEnumerable<string> Alarms()
        {
            if (Status.Failure is { } failure)
            {
                yield return $"sentinel: the last look failed: {failure}";
            }

            if (Overdue is not null)
            {
                yield return $"sentinel: {Overdue}";
            }

            foreach (var d in Status.Open)
            {
                yield return $"{d.Model}: {d.Table} {d.Stream ?? d.Id}".TrimEnd() + " is not what the log says";
            }
        }
    }
}
