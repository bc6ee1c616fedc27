using System.Diagnostics.Metrics;
using Banking.EventStore.Log;
using Banking.ReadModels.Books;
using Banking.ReadModels.Comparing;
using Banking.ReadModels.Lags;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Banking.ReadModels.Verifying;

/// <summary>
/// Continuously compares the log with itself and with the data derived from it. It reports differences and repairs nothing: data derived
/// from a forged log must not be made to match it without an operator. A difference is recorded as an event and is an alarm in health and
/// metrics until it is repaired. One host runs the sentinel and stores its status, so that every host reports alarms, also after that host
/// ends.
/// </summary>
public sealed partial class Sentinel : BackgroundService
{
    /// <summary>Maximum number of open differences that are stored.</summary>
    private const int MaxOpen = 1_000;

    private readonly Verification _verification;
    private readonly StreamSizes _sizes;
    private readonly LogReader _log;
    private readonly DriftLog _driftLog;
    private readonly SentinelSettings _settings;
    private readonly NpgsqlDataSource _source;
    private readonly TimeProvider _clock;
    private readonly ILogger<Sentinel> _logger;
    private readonly Counter<long> _drift;
    private readonly IReadOnlyList<(ReadModel Model, SumTracker Tracker)> _trackers;
    private readonly SemaphoreSlim _runLock = new(1, 1);

    private SentinelPlace _place = SentinelPlace.Start;
    private volatile SentinelStatus _status = SentinelStatus.None;

    public Sentinel(
        Verification verification,
        StreamSizes sizes,
        LogReader log,
        DriftLog driftLog,
        SentinelSettings settings,
        NpgsqlDataSource source,
        TimeProvider clock,
        IMeterFactory meters,
        ILogger<Sentinel> logger)
    {
        (_verification, _sizes, _log, _driftLog) = (verification, sizes, log, driftLog);
        (_settings, _source, _clock, _logger) = (settings, source, clock, logger);
        _trackers =
        [
            .. verification.Models.SelectMany(
                m => m.Tables.Where(t => t.Derivation is { ChunkPositions: 0 }).Select(t => (m, new SumTracker(m, t)))),
        ];
        _drift = meters
            .Create(ReadModelLag.MeterName)
            .CreateCounter<long>(
                "banking.read_model.drift", "{difference}", "New differences between the log and the data derived from it");
    }

    /// <summary>The status of the last run on this host; empty while another host runs the sentinel.</summary>
    public SentinelStatus Status => _status;

    /// <summary>Runs once, now. A part that fails does not end the other parts; its failure is part of the status.</summary>
    public async Task RunAsync(CancellationToken ct)
    {
        await _runLock.WaitAsync(ct);
        try
        {
            foreach (var model in _verification.Models)
            {
                // The series begins at 0, so that the first difference is a change of it.
                _drift.Add(0, new KeyValuePair<string, object?>("model", model.Name));
            }

            // Starts from the stored status of any host: counts continue, and open differences are compared again until they are repaired.
            var before = _status = await SentinelStatus.ReadAsync(_source, ct);
            _place = before.Place;
            var run = new SentinelRun(before);
            await run.RunAsync("streams", () => CompareStreamsAsync(run, ct), ct);
            await run.RunAsync("orphan rows", () => FindOrphanRowsAsync(run, ct), ct);
            await run.RunAsync("receipts", () => CompareReceiptsAsync(run, ct), ct);
            await run.RunAsync("sums", () => CompareSumsAsync(run, ct), ct);
            await run.RunAsync("sums of chunks", () => CompareChunksAsync(run, ct), ct);
            await run.RunAsync("the whole bank", () => CompareBankAsync(run, ct), ct);
            IReadOnlyList<Difference> open = [.. run.Open().Take(MaxOpen)];
            List<Difference> fresh = [.. open.Where(d => !before.Open.Any(known => IsSame(known, d)))];
            await run.RunAsync("the operator log", () => ReportAsync(fresh, ct), ct);
            if (run.Failure is { } failure)
            {
                _logger.LogError("A part of the sentinel's run failed: {Failure}", failure);
            }

            _status = new(_clock.GetUtcNow(), before.Looks + 1, before.Streams + run.Streams, before.Drift + fresh.Count, open)
            {
                Place = _place,
                Failure = run.Failure,
                FailedAt = run.Failure is null ? null : _clock.GetUtcNow(),
            };
            await _status.SaveAsync(_source, ct);
        }
        finally
        {
            _runLock.Release();
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // One timer for the life of the host: otherwise a host that leads only for short periods would never run the sentinel.
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(_settings.IntervalSeconds));
        await Leader.RunAsync(_source, "sentinel", over => RunPeriodicallyAsync(timer, over), _logger, stoppingToken);
    }

    /// <summary>
    /// Whether a difference was known. All rows of a stream in a table are one: a wrong row can make those after it wrong, and a repair
    /// replaces all of them. Earlier versions of the bank stored no keys.
    /// </summary>
    private static bool IsSame(Difference known, Difference found) =>
        (known.Model, known.Table, known.Stream, known.Id) == (found.Model, found.Table, found.Stream, found.Id)
            && (known.Key is null || known.Key == found.Key);

    private async Task RunPeriodicallyAsync(PeriodicTimer timer, CancellationToken over)
    {
        try
        {
            // Report the alarms of earlier hosts from the start.
            _status = await SentinelStatus.ReadAsync(_source, over);
            while (await timer.WaitForNextTickAsync(over))
            {
                try
                {
                    await RunAsync(over);
                }
                catch (Exception failure) when (!over.IsCancellationRequested)
                {
                    // The status was not stored either, so every host soon reports an overdue run.
                    _logger.LogError(failure, "The sentinel's run failed; the next run is in {Seconds} s", _settings.IntervalSeconds);
                }
            }
        }
        finally
        {
            // Another host reports from now on: an alarm of a host that no longer runs the sentinel would never end.
            _status = SentinelStatus.None;
        }
    }

    private async Task ReportAsync(List<Difference> fresh, CancellationToken ct)
    {
        foreach (var difference in fresh)
        {
            _drift.Add(1, new KeyValuePair<string, object?>("model", difference.Model));
            _logger.LogCritical(
                "{Model} {Table} {Stream} differs from the log: expected {Expected}, found {Found}",
                difference.Model, difference.Table, difference.Stream ?? difference.Id, difference.Expected, difference.Found);
        }

        await _driftLog.RecordAsync(fresh, ct);
    }
}
