using System.Text.Json;
using Banking.Platform;
using Banking.Platform.Following;
using Banking.Platform.Projections;
using Banking.Platform.ReadModels;
using Banking.Platform.Security;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Banking.Operations.ReadModels;

/// <summary>A read model as operators see it.</summary>
/// <param name="Version">The version of it that this host knows; <see cref="GenerationView.Version"/> may be another.</param>
/// <param name="Coming">The generation that is being made, or that waits for somebody to look at what differs.</param>
public sealed record ProjectionView(
    string Name, int Version, LagView Lag, PauseView? Paused, GenerationView? Serving, GenerationView? Coming);

/// <summary>How far it is behind the log.</summary>
/// <param name="Events">Positions behind the end.</param>
/// <param name="Seconds">How long ago the first event that is not in it was recorded.</param>
/// <param name="Trend">Positions a second by which it falls behind; below zero where it catches up.</param>
/// <param name="Stalled">Why it does not move; absent where it does.</param>
public sealed record LagView(long Position, long End, long Events, double Seconds, double Trend, string? Stalled);

/// <summary>Before which event it stopped, and why.</summary>
public sealed record PauseView(DateTimeOffset At, long? Position, string Reason);

/// <summary>One generation of its tables.</summary>
/// <param name="Percent">Of the log as long as it was when the making began.</param>
/// <param name="EtaSeconds">What remains at the rate so far.</param>
/// <param name="Differences">Rows that differ, at most a hundred for each table.</param>
public sealed record GenerationView(
    int Generation,
    int Version,
    string State,
    long Position,
    DateTimeOffset UpdatedAt,
    string RequestedBy,
    DateTimeOffset RequestedAt,
    string Reason,
    DateTimeOffset? StartedAt,
    DateTimeOffset? FinishedAt,
    double? Percent,
    double? EventsPerSecond,
    double? EtaSeconds,
    PauseView? Paused,
    IReadOnlyList<Difference>? Differences)
{
    public static GenerationView Of(Generation g)
    {
        ArgumentNullException.ThrowIfNull(g);
        var seconds = g.StartedAt is { } started ? (g.UpdatedAt - started).TotalSeconds : 0;
        var rate = seconds > 0 ? Math.Round((g.Position - (g.StartPosition ?? 0)) / seconds, 1) : (double?)null;
        return new(
            g.Number, g.ModelVersion, g.State, g.Position, g.UpdatedAt, g.RequestedBy, g.RequestedAt, g.Reason, g.StartedAt, g.FinishedAt,
            g.Target is > 0 and var target ? Math.Round(Math.Min(100, 100.0 * g.Position / target), 1) : null,
            rate,
            rate > 0 && g.Target is { } end && g.State == GenerationState.Building
                ? Math.Round(Math.Max(0, end - g.Position) / rate.Value, 1)
                : null,
            PauseOf(g),
            g.Differences is null ? null : JsonSerializer.Deserialize<IReadOnlyList<Difference>>(g.Differences, ApiJson.Options));
    }

    public static PauseView? PauseOf(Generation g) => g?.PausedAt is { } at ? new(at, g.PausePosition, g.PauseReason ?? "") : null;
}

/// <summary>What the sentinel saw last; counts since the bank began.</summary>
/// <param name="Drift">Differences that were found, each counted when it was new.</param>
/// <param name="Failure">Why the last look failed; absent where it did not.</param>
/// <param name="Overdue">Why the next look is overdue; absent where it is not.</param>
/// <param name="Open">What is not what the log says, and was not mended or repaired yet.</param>
public sealed record SentinelView(
    DateTimeOffset? LastLook,
    long Looks,
    long Streams,
    long Drift,
    string? Failure,
    DateTimeOffset? FailedAt,
    string? Overdue,
    IReadOnlyList<Difference> Open);

/// <summary>All read models and the sentinel.</summary>
/// <param name="HeldBackBy">Open transactions that keep read models from the end of the log; empty where none does.</param>
public sealed record ProjectionsView(IReadOnlyList<ProjectionView> Items, SentinelView Sentinel, IReadOnlyList<LogHolder> HeldBackBy);

public static class GetProjectionsEndpoint
{
    [WolverineGet("/ops/projections")]
    [Tags("Operations")]
    [EndpointSummary("List the read models: lag, trend, what stalls them, what is being rebuilt, what the sentinel found")]
    [Authorize(Policies.Watch)]
    [ProducesResponseType<ProjectionsView>(StatusCodes.Status200OK)]
    public static async Task<IResult> Get(
        IEnumerable<ReadModel> models,
        DocumentModels documents,
        ReadModelLag lag,
        SentinelWatch sentinel,
        LogHolders holders,
        CancellationToken ct)
    {
        var looked = await lag.LookAsync(ct);
        var lags = looked.Lags.ToDictionary(l => l.Model);
        var generations = looked.Generations.ToLookup(g => g.Model);
        var (s, overdue) = await sentinel.LookAsync(ct);
        var all = models
            .Select(m => (m.Name, m.Version))
            .Concat(documents.All.Select(d => (d.Name, d.Version)))
            .OrderBy(m => m.Name, StringComparer.Ordinal);
        return TypedResults.Json(
            new ProjectionsView(
                [.. all.Select(m => View(m.Name, m.Version, lags.GetValueOrDefault(m.Name), generations[m.Name]))],
                new(s.LastLook, s.Looks, s.Streams, s.Drift, s.Failure, s.FailedAt, overdue, s.Open),
                await holders.OfGapAsync(ct)),
            ApiJson.Options);
    }

    private static ProjectionView View(string name, int version, Lag? lag, IEnumerable<Generation> generations)
    {
        var all = generations.ToList();
        // Documents are rebuilt in place: what is being rebuilt is what is read.
        var serving = all.Find(g => g.State == GenerationState.Serving || !g.HasTables);
        var coming = all.Find(g => g.State is GenerationState.Building or GenerationState.Differs);
        return new(
            name,
            version,
            lag is null
                ? new(0, 0, 0, 0, 0, "not looked at yet")
                : new(lag.Position, lag.End, lag.Events, lag.Seconds, lag.Trend, lag.Stalled),
            serving is null ? null : GenerationView.PauseOf(serving),
            serving is null ? null : GenerationView.Of(serving),
            coming is null ? null : GenerationView.Of(coming));
    }
}
