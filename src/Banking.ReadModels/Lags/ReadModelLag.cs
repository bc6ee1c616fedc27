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

/// <summary>How far a read model is behind the log.</summary>
/// <param name="Events">Positions between it and the end of the log.</param>
/// <param name="Seconds">How long ago the first event that is not in it was recorded, by the database's clock when it was looked at; 0 when
/// it has all.</param>
/// <param name="Trend">Positions per second by which it falls behind (above zero) or catches up.</param>
/// <param name="Stalled">Why it does not move, in words; null where it does.</param>
public sealed record Lag(string Model, long Position, long End, long Events, double Seconds, double Trend, string? Stalled);

/// <summary>Looks once a second how far each read model is, for metrics, health and operators.</summary>
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
        ArgumentNullException.ThrowIfNull(meters);
        (_models, _projections, _source, _clock, _logger) = ([.. models], projections, source, clock, logger);
        var meter = meters.Create(MeterName);
        meter.CreateObservableGauge(
            "banking.read_model.lag.events", () => Measured(l => (double)l.Events), "{event}", "Positions behind the end of the log");
        meter.CreateObservableGauge(
            "banking.read_model.lag.seconds", () => Measured(l => l.Seconds), "s", "Age of the first event that is not in it");
        meter.CreateObservableGauge(
            "banking.read_model.stalled", () => Measured(l => l.Stalled is null ? 0.0 : 1), null, "1 while it does not move");
    }

    /// <summary>As last looked at.</summary>
    public IReadOnlyList<Lag> Current => [.. _last.Values.Select(l => l.Lag).OrderBy(l => l.Model, StringComparer.Ordinal)];

    /// <summary>Looks now.</summary>
    /// <returns>The lags, and the generations that they are of.</returns>
    public async Task<(IReadOnlyList<Lag> Lags, IReadOnlyList<Generation> Generations)> LookAsync(CancellationToken ct)
    {
        var all = await Generation.AllAsync(_source, ct);
        var generations = all.Where(g => g.State == GenerationState.Serving).ToDictionary(g => g.Model);
        var end = await EndAsync(ct);
        var now = _clock.GetTimestamp();
        foreach (var model in _models)
        {
            if (generations.GetValueOrDefault(model.Name) is { } serving)
            {
                await NoteAsync(serving, model.Version, end, now, ct);
            }
        }

        List<Generation> projections = [.. (await _projections.AllAsync(ct)).Select(p => p.AsGeneration())];
        foreach (var projection in projections)
        {
            await NoteAsync(projection, projection.ModelVersion, end, now, ct);
        }

        return (Current, [.. all, .. projections]);
    }

    private async Task NoteAsync(Generation serving, int version, long end, long now, CancellationToken ct)
    {
        var seconds = serving.Position >= end ? 0 : await AgeAsync(serving.Position, ct);
        var events = Math.Max(0, end - serving.Position);
        var trend =
            _last.TryGetValue(serving.Model, out var before) && _clock.GetElapsedTime(before.At, now).TotalSeconds is > 0 and var elapsed
                ? (events - before.Lag.Events) / elapsed
                : 0;
        _last[serving.Model] = (
            new(serving.Model, serving.Position, end, events, seconds, Math.Round(trend, 1), Why(version, serving, seconds)), now);
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => PeriodicLoop.LookAsync(
        Pause, LookAsync, failure => _logger.LogWarning(failure, "How far read models are could not be looked at"), stoppingToken);

    private static string? Why(int version, Generation serving, double seconds) => serving switch
    {
        { PausedAt: not null } => $"stopped before the event at position {serving.PausePosition}: {serving.PauseReason}",
        _ when serving.ModelVersion < version => $"waits for version {version}, which is being built",
        _ when serving.ModelVersion > version => $"written by hosts with its version {serving.ModelVersion}",
        _ when seconds > StallSeconds => "no host brings it forward: a transaction that was left open may hold the log back",
        _ => null,
    };

    /// <summary>Longer than any transaction of this bank lives.</summary>
    private const double StallSeconds = 30;

    private async Task<long> EndAsync(CancellationToken ct)
    {
        await using var command = _source.CreateCommand(
            $"select coalesce(max(seq_id), 0) from {SchemaNames.Events}.mt_events where not is_archived");
        return (long)(await command.ExecuteScalarAsync(ct))!;
    }

    /// <summary>By the host's clock, which recorded it; never below zero, should another host's be ahead.</summary>
    private async Task<double> AgeAsync(long position, CancellationToken ct)
    {
        await using var command = _source.CreateCommand(
            $"select timestamp from {SchemaNames.Events}.mt_events where seq_id > $1 and not is_archived order by seq_id limit 1");
        command.Parameters.Add(new() { Value = position });
        return await command.ExecuteScalarAsync(ct) is DateTime recorded
            ? Math.Max(0, Math.Round((_clock.GetUtcNow().UtcDateTime - recorded).TotalSeconds, 3))
            : 0;
    }

    private IEnumerable<Measurement<double>> Measured(Func<Lag, double> value) =>
        _last.Values.Select(l => new Measurement<double>(value(l.Lag), new KeyValuePair<string, object?>("model", l.Lag.Model)));
}
