using System.Diagnostics.Metrics;
using Banking.Platform.EventSourcing;
using Banking.Platform.Following;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Banking.Platform.ReadModels;

/// <summary>How often the sentinel looks, and at how much. Section Banking:Sentinel of the settings.</summary>
public sealed record SentinelSettings
{
    /// <summary>Seconds from one look to the next.</summary>
    public double IntervalSeconds { get; init; } = 30;

    /// <summary>Streams compared with each look at most, in turn, besides as many events' worth of those that moved last.</summary>
    public int Streams { get; init; } = 50;

    /// <summary>
    /// Events of these streams that are compared with each look, and as many again of those that moved last: a bank whose streams are long pays no more for
    /// it, and is seen more slowly. The first stream is always one of them.
    /// </summary>
    public int Events { get; init; } = 2_500;

    /// <summary>Events that a stream has at most to be compared row by row in passing. Of a longer one only the end is; <c>verify --full</c> sees all of it.</summary>
    public int LargestStream { get; init; } = 5_000;

    /// <summary>Positions of the log that are looked through with each look, in turn, for rows that are of no event.</summary>
    public int Positions { get; init; } = 5_000;

    /// <summary>Looks from one comparison over the whole bank to the next.</summary>
    public int BankEvery { get; init; } = 10;
}

/// <summary>
/// Keeps comparing the read models with the log. What differs is an event, an alarm in health and metrics, and is made anew from the log,
/// row by row and on the record: a read model that is silently wrong is worse than none. One host looks for all; what it saw last is stored,
/// so that any host tells it, and an alarm outlives the host that raised it.
/// </summary>
public sealed class Sentinel : BackgroundService
{
    /// <summary>Streams that are compared in one go.</summary>
    private const int AtOnce = 10;

    /// <summary>Looks after which sums are added up anew from the beginning, and not only what came since: rows that were added up may have been changed.</summary>
    private const int Anew = 100;

    /// <summary>How long it rests after each, in times that it took.</summary>
    private const int Rest = 4;

    private readonly Verification _verification;
    private readonly Repair _repair;
    private readonly SentinelSettings _settings;
    private readonly NpgsqlDataSource _source;
    private readonly TimeProvider _clock;
    private readonly ILogger<Sentinel> _logger;
    private readonly Counter<long> _drift;
    private readonly IReadOnlyList<(ReadModel Model, SumTracker Tracker)> _trackers;
    private readonly SemaphoreSlim _turn = new(1, 1);

    private Guid _cursor;
    private long _place = long.MinValue;
    private volatile SentinelStatus _status = SentinelStatus.None;

    public Sentinel(
        Verification verification, Repair repair, SentinelSettings settings, NpgsqlDataSource source, TimeProvider clock, IMeterFactory meters,
        ILogger<Sentinel> logger)
    {
        ArgumentNullException.ThrowIfNull(meters);
        (_verification, _repair, _settings, _source, _clock, _logger) = (verification, repair, settings, source, clock, logger);
        _trackers = [.. verification.Models.SelectMany(m => m.Tables.Where(t => t.Derivation is not null).Select(t => (m, new SumTracker(m, t))))];
        _drift = meters.Create(ReadModelLag.MeterName).CreateCounter<long>("banking.read_model.drift", "{row}", "Rows of read models that were not what the log says");
    }

    /// <summary>What it saw last, on this host; nothing where another one looks.</summary>
    public SentinelStatus Status => _status;

    /// <summary>One look, now.</summary>
    public async Task LookAsync(CancellationToken ct)
    {
        await _turn.WaitAsync(ct);
        try
        {
            // What was seen last, whichever host that was: the counts go on, and what was open is looked at again until it is mended.
            _status = await SentinelStatus.ReadAsync(_source, ct);
            var next = await _verification.StreamsAsync(_cursor, _settings.Streams, ct);
            var inTurn = Affordable(next, inTurn: true);
            // Behind the last, from the beginning again.
            _cursor = inTurn.Count == next.Count && next.Count < _settings.Streams ? Guid.Empty : inTurn[^1];
            var latest = Affordable(await _verification.LatestAsync(_settings.Streams, ct), inTurn: false);
            var open = _status.Open;
            Guid[] streams = [.. inTurn.Union(latest).Union(open.Select(d => d.Stream).OfType<Guid>())];
            var (after, upTo) = await TurnAsync(ct);
            var found = await CompareAsync(streams, after, upTo, ct);
            var repaired = await RepairAsync(found, ct);
            var ofTheBank = _status.Looks % _settings.BankEvery == 0 || found.Count > 0 || open.Any(d => d.Stream is null);
            // Asked again: what was repaired must now be what the log says.
            open = found.Count == 0 ? [] : await CompareAsync(streams, after, upTo, ct);
            if (ofTheBank)
            {
                open = [.. open, .. await _verification.BankAsync(ct)];
            }

            foreach (var difference in open)
            {
                _logger.LogCritical("{Model} {Table} is not what the log says and could not be repaired: expected {Expected}, found {Found}",
                    difference.Model, difference.Table, difference.Expected, difference.Found);
            }

            _status = new(
                _clock.GetUtcNow(), _status.Looks + 1, _status.Streams + streams.Length, _status.Drift + found.Count, _status.Repaired + repaired, open);
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

    private async Task KeepLookingAsync(PeriodicTimer timer, CancellationToken over)
    {
        try
        {
            // An alarm is told from the beginning, whichever host raised it.
            _status = await SentinelStatus.ReadAsync(_source, over);
            while (await timer.WaitForNextTickAsync(over))
            {
                try
                {
                    await LookAsync(over);
                }
                catch (Exception failure) when (!over.IsCancellationRequested)
                {
                    _logger.LogWarning(failure, "The sentinel could not look; it will at its next turn");
                }
            }
        }
        finally
        {
            // What it saw is another's to mend by now: an alarm of a host that does not look any more would never end.
            _status = SentinelStatus.None;
        }
    }

    private async Task<IReadOnlyList<Difference>> CompareAsync(Guid[] streams, long after, long upTo, CancellationToken ct)
    {
        var found = new List<Difference>();
        foreach (var few in streams.Chunk(AtOnce))
        {
            var since = _clock.GetTimestamp();
            found.AddRange((await _verification.CompareAsync(few, _settings.LargestStream, ct)).Differences);
            // In small steps with rests between them: who asks the bank for something meanwhile should not notice.
            await Task.Delay(_clock.GetElapsedTime(since) * Rest, _clock, ct);
        }

        found.AddRange(await _verification.StraysAsync(after, upTo, ct));
        foreach (var (model, tracker) in _trackers)
        {
            if ((_status.Looks + 1) % Anew == 0)
            {
                tracker.Forget();
            }

            found.AddRange(await _verification.SumsAsync(model, tracker, TimeSpan.FromSeconds(_settings.IntervalSeconds), _clock, ct));
        }

        // A row that was found twice is one that differs.
        return [.. found.DistinctBy(d => (d.Model, d.Table, d.Stream, d.Expected, d.Found))];
    }

    /// <summary>As many of them as have the events that a look compares; the first always.</summary>
    /// <param name="inTurn">Whether none may be passed over.</param>
    private List<Guid> Affordable(IReadOnlyList<StreamSize> streams, bool inTurn)
    {
        var (ids, events) = (new List<Guid>(), 0L);
        foreach (var stream in streams)
        {
            // Of a longer one only the end is looked at.
            var its = stream.Events <= _settings.LargestStream ? stream.Events : 1;
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

    /// <summary>The next positions to look through: behind the end of the log all that there are, then from the beginning again.</summary>
    private async Task<(long After, long UpTo)> TurnAsync(CancellationToken ct)
    {
        var after = _place;
        var upTo = Math.Max(0, after) + _settings.Positions;
        var isLast = upTo >= await _verification.EndAsync(ct);
        _place = isLast ? long.MinValue : upTo;
        return (after, isLast ? long.MaxValue : upTo);
    }

    private async Task<int> RepairAsync(IReadOnlyList<Difference> found, CancellationToken ct)
    {
        var repaired = 0;
        foreach (var (_, tracker) in found.Count > 0 ? _trackers : [])
        {
            // What it added up may be what was wrong.
            tracker.Forget();
        }

        foreach (var drift in found.DistinctBy(d => (d.Model, d.Stream)))
        {
            _drift.Add(found.Count(d => (d.Model, d.Stream) == (drift.Model, drift.Stream)), new KeyValuePair<string, object?>("model", drift.Model));
            _logger.LogError("{Model} {Table} is not what the log says: expected {Expected}, found {Found}", drift.Model, drift.Table, drift.Expected, drift.Found);
            if (_verification.Models.FirstOrDefault(m => m.Name == drift.Model) is { } model)
            {
                repaired += (await _repair.RunAsync(model, drift, OperatorAction.OfTheBank("the rows were not what the log says"), ct)).Count;
            }
        }

        return repaired;
    }
}
