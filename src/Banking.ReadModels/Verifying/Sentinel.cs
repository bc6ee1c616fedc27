using System.Diagnostics.Metrics;
using Banking.EventStore.Log;
using Banking.ReadModels.Books;
using Banking.ReadModels.Comparing;
using Banking.ReadModels.Lags;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Banking.ReadModels.Verifying;

/// <summary>How often the sentinel looks, and at how much. Section Banking:Sentinel of the settings.</summary>
public sealed record SentinelSettings
{
    /// <summary>Seconds from one look to the next.</summary>
    public double IntervalSeconds { get; init; } = 30;

    /// <summary>Streams compared with each look at most, in turn, besides as many events' worth of those that moved last.</summary>
    public int Streams { get; init; } = 50;

    /// <summary>
    /// Events of these streams that are compared with each look, and as many again of those that moved last: a bank whose streams are long
    /// pays no more for it, and is seen more slowly. The first stream is always one of them.
    /// </summary>
    public int Events { get; init; } = 2_500;

    /// <summary>
    /// Events that a stream has at most to be compared row by row in passing. Of a longer one only its last events are; <c>verify
    /// --full</c> sees all of it.
    /// </summary>
    public int LargestStream { get; init; } = 5_000;

    /// <summary>Positions of the log that are looked through with each look, in turn, for rows that are of no event.</summary>
    public int Positions { get; init; } = 5_000;

    /// <summary>Looks from one comparison over the whole bank to the next.</summary>
    public int BankEvery { get; init; } = 10;

    /// <summary>
    /// Seconds after the last look from which on the next one is overdue; three intervals and 15 seconds where it is not set.
    /// </summary>
    public double? OverdueSeconds { get; init; }

    /// <summary>What no sentinel can work with, as a sentence; null where there is no such thing.</summary>
    public string? Wrong =>
        !IsPeriod(IntervalSeconds) || (OverdueSeconds is { } overdue && !IsPeriod(overdue))
            ? "IntervalSeconds and OverdueSeconds are from 0.001 to 1000000."
        : this is { Streams: > 0, Events: > 0, LargestStream: > 0, Positions: > 0, BankEvery: > 0 } ? null
        : "Streams, Events, LargestStream, Positions and BankEvery are above 0.";

    private static bool IsPeriod(double seconds) => seconds is >= 0.001 and <= 1_000_000;

    /// <summary>How long after the last look the next one is overdue.</summary>
    internal TimeSpan Overdue => TimeSpan.FromSeconds(OverdueSeconds ?? ((3 * IntervalSeconds) + 15));
}

/// <summary>
/// Keeps comparing the log with itself and with all that follows from it. It finds and reports, and repairs nothing: what follows from a
/// log that was forged must not be made to agree with it unasked. A difference is an event, an alarm in health and metrics, and stays one
/// until it is mended. One host looks for all; what it saw last is stored, so that every host reports it, and an alarm outlives the host
/// that raised it.
/// </summary>
public sealed class Sentinel : BackgroundService
{
    /// <summary>Streams that are compared in one go.</summary>
    private const int AtOnce = 10;

    /// <summary>
    /// Looks after which sums are added up anew from the beginning, and not only what came since: rows that were added up may have been
    /// changed.
    /// </summary>
    private const int Anew = 100;

    /// <summary>How long it rests after each, in times that it took.</summary>
    private const int Rest = 4;

    /// <summary>Open differences that are kept. More of them need no names.</summary>
    private const int MaxOpen = 1_000;

    private readonly Verification _verification;
    private readonly DriftLog _journal;
    private readonly SentinelSettings _settings;
    private readonly NpgsqlDataSource _source;
    private readonly TimeProvider _clock;
    private readonly ILogger<Sentinel> _logger;
    private readonly Counter<long> _drift;
    private readonly IReadOnlyList<(ReadModel Model, SumTracker Tracker)> _trackers;
    private readonly SemaphoreSlim _turn = new(1, 1);

    private Guid _cursor;
    private long _place = long.MinValue;
    private int _share;
    private volatile SentinelStatus _status = SentinelStatus.None;

    public Sentinel(
        Verification verification,
        DriftLog journal,
        SentinelSettings settings,
        NpgsqlDataSource source,
        TimeProvider clock,
        IMeterFactory meters,
        ILogger<Sentinel> logger)
    {
        ArgumentNullException.ThrowIfNull(meters);
        (_verification, _journal, _settings, _source, _clock, _logger) = (verification, journal, settings, source, clock, logger);
        _trackers =
        [
            .. verification.Models.SelectMany(m => m.Tables.Where(t => t.Derivation is not null).Select(t => (m, new SumTracker(m, t)))),
        ];
        _drift = meters
            .Create(ReadModelLag.MeterName)
            .CreateCounter<long>("banking.read_model.drift", "{difference}", "New differences between the log and what follows from it");
    }

    /// <summary>What it saw last, on this host; nothing where another one looks.</summary>
    public SentinelStatus Status => _status;

    /// <summary>One look, now. A part of it that fails does not end the others; that it failed is part of what was seen.</summary>
    public async Task LookAsync(CancellationToken ct)
    {
        await _turn.WaitAsync(ct);
        try
        {
            // What was seen last, on whichever host: the counts go on, and what was open is compared again until it is mended.
            var before = _status = await SentinelStatus.ReadAsync(_source, ct);
            var look = new SentinelRun(before);
            await look.RunAsync("streams", () => StreamsAsync(look, ct), ct);
            await look.RunAsync("rows of no event", () => OrphanRowsAsync(look, ct), ct);
            await look.RunAsync("receipts", () => ReceiptsAsync(look, ct), ct);
            await look.RunAsync("sums", () => SumsAsync(look, ct), ct);
            await look.RunAsync("the whole bank", () => BankAsync(look, ct), ct);
            IReadOnlyList<Difference> open = [.. look.Open().Take(MaxOpen)];
            List<Difference> fresh = [.. open.Where(d => !before.Open.Any(known => IsSame(known, d)))];
            await look.RunAsync("the operator log", () => TellAsync(fresh, ct), ct);
            if (look.Failure is { } failure)
            {
                _logger.LogError("A look of the sentinel failed in part: {Failure}", failure);
            }

            _status = new(_clock.GetUtcNow(), before.Looks + 1, before.Streams + look.Streams, before.Drift + fresh.Count, open)
            {
                Failure = look.Failure,
                FailedAt = look.Failure is null ? null : _clock.GetUtcNow(),
            };
            await _status.SaveAsync(_source, ct);
        }
        finally
        {
            _turn.Release();
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // One for as long as the host lives: who leads for moments only would else never come to look.
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(_settings.IntervalSeconds));
        await Leader.RunAsync(_source, "sentinel", over => KeepLookingAsync(timer, over), _logger, stoppingToken);
    }

    private static bool IsSame(Difference one, Difference other) =>
        (one.Model, one.Table, one.Stream, one.Id) == (other.Model, other.Table, other.Stream, other.Id);

    private async Task KeepLookingAsync(PeriodicTimer timer, CancellationToken over)
    {
        try
        {
            // An alarm is reported from the beginning, whichever host raised it.
            _status = await SentinelStatus.ReadAsync(_source, over);
            while (await timer.WaitForNextTickAsync(over))
            {
                try
                {
                    await LookAsync(over);
                }
                catch (Exception failure) when (!over.IsCancellationRequested)
                {
                    // What was seen could not be stored either: the next look is overdue soon, which every host reports.
                    _logger.LogError(
                        failure, "The sentinel could not look; the next look follows in {Seconds} s", _settings.IntervalSeconds);
                }
            }
        }
        finally
        {
            // What it saw is another's to report by now: an alarm of a host that does not look any more would never end.
            _status = SentinelStatus.None;
        }
    }

    /// <summary>The next streams in turn, those that moved last, and those of open differences.</summary>
    private async Task StreamsAsync(SentinelRun look, CancellationToken ct)
    {
        var next = await _verification.StreamsAsync(_cursor, _settings.Streams, ct);
        var inTurn = Affordable(next, inTurn: true);
        // Behind the last, from the beginning again.
        var isLast = inTurn.Count == next.Count && next.Count < _settings.Streams;
        var (after, end) = (_cursor, isLast ? Guid.AllBitsSet : inTurn[^1]);
        // Moved first: a look that fails here must not come back here for ever.
        _cursor = isLast ? Guid.Empty : end;
        List<Guid[]> parts = [.. inTurn.Chunk(AtOnce)];
        for (var i = 0; i < Math.Max(1, parts.Count); i++)
        {
            Guid[] few = i < parts.Count ? parts[i] : [];
            var upTo = i < parts.Count - 1 ? few[^1] : end;
            await CompareAsync(look, few, StreamSelection.Between(after, upTo), ct);
            after = upTo;
        }

        var latest = Affordable(await _verification.LatestAsync(_settings.Streams, ct), inTurn: false);
        foreach (var few in latest.Union(look.Before.Open.Select(d => d.Stream).OfType<Guid>()).Except(inTurn).Chunk(AtOnce))
        {
            await CompareAsync(look, few, StreamSelection.Of(few), ct);
        }
    }

    private async Task CompareAsync(SentinelRun look, Guid[] few, StreamSelection selection, CancellationToken ct)
    {
        var since = _clock.GetTimestamp();
        look.Found((await _verification.CompareAsync(selection, few, _settings.LargestStream, ct)).Differences);
        look.Streams += few.Length;
        // In small steps with rests between them: who asks the bank for something meanwhile should not notice.
        await Task.Delay(_clock.GetElapsedTime(since) * Rest, _clock, ct);
    }

    private async Task OrphanRowsAsync(SentinelRun look, CancellationToken ct)
    {
        var after = _place;
        var end = await _verification.EndAsync(ct);
        var upTo = Math.Max(0, after) + _settings.Positions;
        // Numbers without an event are passed in one look, however many.
        upTo = upTo < end ? await _verification.PassAsync(upTo, end, ct) : upTo;
        var isLast = upTo >= end;
        _place = isLast ? long.MinValue : upTo;
        look.Found(await _verification.OrphanRowsAsync(after, isLast ? long.MaxValue : upTo, ct));
        foreach (var position in look.Before.Open.Select(SentinelRun.PositionOf).OfType<long>().Distinct())
        {
            look.Found(await _verification.OrphanRowsAsync(position - 1, position, ct));
        }
    }

    private async Task ReceiptsAsync(SentinelRun look, CancellationToken ct)
    {
        var shares = await IdShares.CountAsync(_source, _settings.Positions, ct);
        _share = (_share + 1) % shares;
        look.Found(await _verification.OfIdsAsync(IdShares.Of(_share, shares), ct));
        if (look.Before.Open.Select(d => d.Id).OfType<Guid>().ToArray() is { Length: > 0 } ids)
        {
            look.Found(await _verification.OfIdsAsync(StreamSelection.Of(ids), ct));
        }
    }

    private async Task SumsAsync(SentinelRun look, CancellationToken ct)
    {
        foreach (var (model, tracker) in _trackers)
        {
            if ((look.Before.Looks + 1) % Anew == 0)
            {
                tracker.Forget();
            }

            if (await _verification.SumsAsync(model, tracker, TimeSpan.FromSeconds(_settings.IntervalSeconds), _clock, ct) is { } found)
            {
                look.Found(found);
            }
            else
            {
                // It did not get to the end: what was wrong may be so still.
                look.Found(look.Before.Open.Where(d => d.Model == model.Name && d.Table == tracker.Table));
            }
        }
    }

    private async Task BankAsync(SentinelRun look, CancellationToken ct)
    {
        if (look.Before.Looks % _settings.BankEvery == 0 || look.IsAnythingFound || look.Before.Open.Count > 0)
        {
            look.Found(await _verification.BankAsync(ct));
        }
    }

    private async Task TellAsync(List<Difference> fresh, CancellationToken ct)
    {
        foreach (var difference in fresh)
        {
            _drift.Add(1, new KeyValuePair<string, object?>("model", difference.Model));
            _logger.LogCritical(
                "{Model} {Table} {Stream} is not what the log says: expected {Expected}, found {Found}",
                difference.Model, difference.Table, difference.Stream ?? difference.Id, difference.Expected, difference.Found);
        }

        await _journal.FoundAsync(fresh, ct);
    }

    /// <summary>As many of them as have the events that a look compares; the first always.</summary>
    /// <param name="inTurn">Whether none may be passed over.</param>
    private List<Guid> Affordable(IReadOnlyList<StreamSize> streams, bool inTurn)
    {
        var (ids, events) = (new List<Guid>(), 0L);
        foreach (var stream in streams)
        {
            var its = stream.Events <= _settings.LargestStream ? stream.Events : Math.Min(stream.Events, StreamSizes.LastOfLong);
            if (ids.Count == 0 || events + its <= _settings.Events)
            {
                events += its;
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
