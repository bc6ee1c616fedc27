using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Banking.EventStore.Log;
using Banking.EventStore.Storage;
using Banking.ReadModels.Books;
using Banking.ReadModels.Documents;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Banking.ReadModels.Lags;

/// <summary>The lag of a read model behind the log.</summary>
/// <param name="Events">Number of positions between it and the end of the log.</param>
/// <param name="Seconds">Age of the first event that it lacks, by this host's clock; 0 if it is current.</param>
/// <param name="Trend">Positions per second by which it falls behind (above zero) or catches up (below zero).</param>
/// <param name="Stalled">Why it does not move, in words; null if it moves.</param>
public sealed record Lag(string Model, long Position, long End, long Events, double Seconds, double Trend, string? Stalled);

/// <summary>Measures the lag of each read model once a second, for metrics, health and operators.</summary>
public sealed class ReadModelLag : BackgroundService
{
    public const string MeterName = "Banking.ReadModels";

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly IReadOnlyList<ReadModel> _models;
    private readonly ProjectionStates _projections;
    private readonly NpgsqlDataSource _source;
    private readonly TimeProvider _clock;
    private readonly ILogger<ReadModelLag> _logger;
    private readonly ConcurrentDictionary<string, (Lag Lag, long At)> _last = new();

    public ReadModelLag(
        IEnumerable<ReadModel> models,
        ProjectionStates projections,
        NpgsqlDataSource source,
        TimeProvider clock,
        IMeterFactory meters,
        ILogger<ReadModelLag> logger)
    {
        (_models, _projections, _source, _clock, _logger) = ([.. models], projections, source, clock, logger);
        var meter = meters.Create(MeterName);
        meter.CreateObservableGauge(
            "banking.read_model.lag.events", () => Measured(l => (double)l.Events), "{event}", "Positions behind the end of the log");
        meter.CreateObservableGauge(
            "banking.read_model.lag.seconds", () => Measured(l => l.Seconds), "s", "Age of the first event that the read model lacks");
        meter.CreateObservableGauge(
            "banking.read_model.stalled", () => Measured(l => l.Stalled is null ? 0.0 : 1), null, "1 while the read model is stalled");
    }

    /// <summary>The lags as last measured.</summary>
    public IReadOnlyList<Lag> Current => [.. _last.Values.Select(l => l.Lag).OrderBy(l => l.Model, StringComparer.Ordinal)];

    /// <summary>Measures now.</summary>
    /// <returns>The lags, and all generations.</returns>
    public async Task<(IReadOnlyList<Lag> Lags, IReadOnlyList<Generation> Generations)> LookAsync(CancellationToken ct)
    {
        var all = await Generation.AllAsync(_source, ct);
        var generations = all.Where(g => g.State == GenerationState.Active).ToDictionary(g => g.Model);
        var end = await EndAsync(ct);
        var now = _clock.GetTimestamp();
        foreach (var model in _models)
        {
            if (generations.GetValueOrDefault(model.Name) is { } active)
            {
                await MeasureAsync(active, model.Version, end, now, ct);
            }
        }

        List<Generation> projections = [.. (await _projections.AllAsync(ct)).Select(p => p.AsGeneration())];
        foreach (var projection in projections)
        {
            await MeasureAsync(projection, projection.ModelVersion, end, now, ct);
        }

        return (Current, [.. all, .. projections]);
    }

    private async Task MeasureAsync(Generation active, int version, long end, long now, CancellationToken ct)
    {
        var seconds = active.Position >= end ? 0 : await AgeAsync(active.Position, ct);
        var events = Math.Max(0, end - active.Position);
        var trend =
            _last.TryGetValue(active.Model, out var before) && _clock.GetElapsedTime(before.At, now).TotalSeconds is > 0 and var elapsed
                ? (events - before.Lag.Events) / elapsed
                : 0;
        _last[active.Model] = (
            new(active.Model, active.Position, end, events, seconds, Math.Round(trend, 1), StallReason(version, active, seconds)), now);
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => PeriodicLoop.RunAsync(
        Pause, LookAsync, failure => _logger.LogWarning(failure, "Cannot measure the lag of read models; retrying"), stoppingToken);

    private static string? StallReason(int version, Generation active, double seconds) => active switch
    {
        { PausedAt: not null } => $"paused before the event at position {active.PausePosition}: {active.PauseReason}",
        _ when active.ModelVersion < version => $"waits for version {version}, which is being built",
        _ when active.ModelVersion > version => $"written only by hosts that run its version {active.ModelVersion}",
        _ when seconds > StallSeconds => "no host updates it: an open transaction may hold back the high-water mark",
        _ => null,
    };

    /// <summary>Longer than any transaction of this bank takes.</summary>
    private const double StallSeconds = 30;

    private Task<long> EndAsync(CancellationToken ct) => _source.ScalarAsync<long>(
        $"select coalesce(max(seq_id), 0) from {SchemaNames.Events}.mt_events where not is_archived", [], ct);

    /// <summary>Age of the next event, by the host's clock. Not below zero, even if the clock of the recording host is ahead.</summary>
    private async Task<double> AgeAsync(long position, CancellationToken ct) =>
        await _source.ScalarAsync<DateTime?>(
            $"select {StoredEvents.Time("timestamp")} from {SchemaNames.Events}.mt_events "
                + "where seq_id > $1 and not is_archived order by seq_id limit 1",
            [position],
            ct) is { } recorded
            ? Math.Max(0, Math.Round((_clock.GetUtcNow().UtcDateTime - recorded).TotalSeconds, 3))
            : 0;

    private IEnumerable<Measurement<double>> Measured(Func<Lag, double> value) =>
        _last.Values.Select(l => new Measurement<double>(value(l.Lag), new KeyValuePair<string, object?>("model", l.Lag.Model)));
}
