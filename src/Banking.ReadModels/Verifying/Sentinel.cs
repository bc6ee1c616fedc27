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
public sealed class Sentinel : BackgroundService
{
    /// <summary>Streams per comparison.</summary>
    private const int BatchSize = 10;

    /// <summary>
    /// Number of runs after which sums are computed again from the first row: rows may have changed after they were added.
    /// </summary>
    private const int ResetEvery = 100;

    /// <summary>Pause after each comparison, as a multiple of its duration.</summary>
    private const int PauseFactor = 4;

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

    /// <summary>Compares the next streams in turn, the streams that changed last, and the streams of open differences.</summary>
    private async Task CompareStreamsAsync(SentinelRun run, CancellationToken ct)
    {
        var next = await _sizes.AfterAsync(_place.Stream, _settings.Streams, ct);
        var inTurn = SelectWithinLimit(next, inTurn: true);
        // Start again after the last stream.
        var isLast = inTurn.Count == next.Count && next.Count < _settings.Streams;
        var (after, end) = (_place.Stream, isLast ? Guid.AllBitsSet : inTurn[^1]);
        // Move on first: a failing stream must not block all later runs.
        _place = isLast ? _place with { Stream = Guid.Empty, PassedAt = _clock.GetUtcNow() } : _place with { Stream = end };
        List<Guid[]> parts = [.. inTurn.Chunk(BatchSize)];
        for (var i = 0; i < Math.Max(1, parts.Count); i++)
        {
            Guid[] batch = i < parts.Count ? parts[i] : [];
            var upTo = i < parts.Count - 1 ? batch[^1] : end;
            await CompareAsync(run, batch, StreamSelection.Between(after, upTo), ct);
            after = upTo;
        }

        var latest = SelectWithinLimit(await _sizes.LatestAsync(_settings.Streams, ct), inTurn: false);
        foreach (var batch in latest.Union(run.Before.Open.Select(d => d.Stream).OfType<Guid>()).Except(inTurn).Chunk(BatchSize))
        {
            await CompareAsync(run, batch, StreamSelection.Of(batch), ct);
        }
    }

    private async Task CompareAsync(SentinelRun run, Guid[] batch, StreamSelection selection, CancellationToken ct)
    {
        var since = _clock.GetTimestamp();
        run.Add((await _verification.CompareAsync(selection, batch, _settings.LargestStream, ct)).Differences);
        run.Streams += batch.Length;
        // Small batches with pauses, so that requests to the bank do not get slower.
        await Task.Delay(_clock.GetElapsedTime(since) * PauseFactor, _clock, ct);
    }

    private async Task FindOrphanRowsAsync(SentinelRun run, CancellationToken ct)
    {
        var after = _place.Position ?? long.MinValue;
        var end = await _verification.EndAsync(ct);
        var upTo = Math.Max(0, after) + _settings.Positions;
        // Skip a gap in the positions within one run, whatever its size.
        upTo = upTo < end ? await _log.SkipGapAsync(upTo, end, ct) : upTo;
        var isLast = upTo >= end;
        _place = _place with { Position = isLast ? null : upTo };
        run.Add(await _verification.FindOrphanRowsAsync(after, isLast ? long.MaxValue : upTo, ct));
        foreach (var position in run.Before.Open.Select(SentinelRun.PositionOf).OfType<long>().Distinct())
        {
            run.Add(await _verification.FindOrphanRowsAsync(position - 1, position, ct));
        }
    }

    private async Task CompareReceiptsAsync(SentinelRun run, CancellationToken ct)
    {
        var shares = await IdShares.CountAsync(_source, _settings.Positions, ct);
        _place = _place with { Share = (_place.Share + 1) % shares };
        run.Add(await _verification.OfIdsAsync(IdShares.Of(_place.Share, shares), ct));
        if (run.Before.Open.Select(d => d.Id).OfType<Guid>().ToArray() is { Length: > 0 } ids)
        {
            run.Add(await _verification.OfIdsAsync(StreamSelection.Of(ids), ct));
        }
    }

    private async Task CompareSumsAsync(SentinelRun run, CancellationToken ct)
    {
        foreach (var (model, tracker) in _trackers)
        {
            if ((run.Before.Looks + 1) % ResetEvery == 0)
            {
                tracker.Reset();
            }

            if (await _verification.SumsAsync(model, tracker, TimeSpan.FromSeconds(_settings.IntervalSeconds), _clock, ct) is { } found)
            {
                run.Add(found);
            }
            else
            {
                // The comparison did not finish in time: earlier differences may still exist.
                run.Add(run.Before.Open.Where(d => d.Model == model.Name && d.Table == tracker.Table));
            }
        }
    }

    /// <summary>Compares sums by chunk: the newest, the next in turn, and those of open differences.</summary>
    private async Task CompareChunksAsync(SentinelRun run, CancellationToken ct)
    {
        foreach (var model in _verification.Models)
        {
            foreach (var table in model.Tables.Where(t => t.Derivation is { ChunkPositions: > 0 }))
            {
                var open = run.Before.Open.Where(d => d.Model == model.Name && d.Table == table.Name)
                    .Select(SentinelRun.ChunkOf).OfType<long>();
                run.Add(await _verification.ChunksAsync(model, table, run.Before.Looks, open, ct));
            }
        }
    }

    private async Task CompareBankAsync(SentinelRun run, CancellationToken ct)
    {
        if (run.Before.Looks % _settings.BankEvery == 0 || run.HasDifferences || run.Before.Open.Count > 0)
        {
            run.Add(await _verification.BankAsync(ct));
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

    /// <summary>Selects streams up to the maximum number of events of a run; always the first.</summary>
    /// <param name="inTurn">Stops at the first stream that exceeds the limit instead of skipping it.</param>
    private List<Guid> SelectWithinLimit(IReadOnlyList<StreamSize> streams, bool inTurn)
    {
        var (ids, events) = (new List<Guid>(), 0L);
        foreach (var stream in streams)
        {
            var compared = stream.Events <= _settings.LargestStream ? stream.Events : Math.Min(stream.Events, StreamSizes.LastOfLong);
            if (ids.Count == 0 || events + compared <= _settings.Events)
            {
                events += compared;
                ids.Add(stream.Id);
            }
            else if (inTurn)
            {
                break;
            }
        }

        return ids;
    }
}
