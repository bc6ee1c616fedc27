using Banking.EventStore.Json;
using Banking.EventStore.Log;
using Banking.ReadModels.Books;
using Banking.ReadModels.Documents;
using Banking.ReadModels.Lags;
using Banking.ReadModels.Verifying;
using Banking.Web.Http;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Banking.Operations.ReadModels;

/// <summary>A read model in an answer to an operator.</summary>
/// <param name="Version">The version that this host knows; <see cref="GenerationView.Version"/> may differ.</param>
/// <param name="Candidate">The candidate: the generation that is being built, or that waits for an operator's decision.</param>
public sealed record ProjectionView(
    string Name, int Version, LagView Lag, PauseView? Paused, GenerationView? Active, GenerationView? Candidate);

/// <summary>The lag of a read model behind the log.</summary>
/// <param name="Events">The number of positions to the end of the log.</param>
/// <param name="Seconds">The age of the first event that the read model does not have.</param>
/// <param name="Trend">The growth of the lag in positions per second; negative if the read model catches up.</param>
/// <param name="Stalled">Why the read model makes no progress; absent if it does.</param>
public sealed record LagView(long Position, long End, long Events, double Seconds, double Trend, string? Stalled);

/// <summary>The event that the read model paused before, and the reason.</summary>
public sealed record PauseView(DateTimeOffset At, long? Position, string Reason);

/// <summary>One generation of a read model's tables.</summary>
/// <param name="Purpose">rebuild: it becomes active if it equals the active version; trial, command: an operator decides.</param>
/// <param name="Percent">Progress, as a share of the log at the start of the build.</param>
/// <param name="EtaSeconds">The estimated remaining time at the rate so far.</param>
/// <param name="Differences">Rows that differ, at most a hundred per table.</param>
public sealed record GenerationView(
    int Generation,
    int Version,
    string State,
    string Purpose,
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
    IReadOnlyList<LogDifferenceView>? Differences)
{
    /// <summary>Without the differences: <see cref="DifferenceViews"/> adds them.</summary>
    public static GenerationView Of(Generation g)
    {
        var seconds = g.StartedAt is { } started ? (g.UpdatedAt - started).TotalSeconds : 0;
        var rate = seconds > 0 ? Math.Round((g.Position - (g.StartPosition ?? 0)) / seconds, 1) : (double?)null;
        return new(
            g.Number, g.ModelVersion, g.State, g.Purpose, g.Position, g.UpdatedAt, g.RequestedBy, g.RequestedAt, g.Reason, g.StartedAt,
            g.FinishedAt,
            g.Target is > 0 and var target ? Math.Round(Math.Min(100, 100.0 * g.Position / target), 1) : null,
            rate,
            rate > 0 && g.Target is { } end && g.State == GenerationState.Building
                ? Math.Round(Math.Max(0, end - g.Position) / rate.Value, 1)
                : null,
            PauseOf(g),
            Differences: null);
    }

    public static PauseView? PauseOf(Generation g) => g?.PausedAt is { } at ? new(at, g.PausePosition, g.PauseReason ?? "") : null;
}

/// <summary>The state of the sentinel. Its counts include all checks since the bank was created.</summary>
/// <param name="Drift">The number of differences found, each counted once.</param>
/// <param name="PassedAt">When the last pass over all streams ended; absent before the first has ended.</param>
/// <param name="Failure">Why the last check failed; absent if it succeeded.</param>
/// <param name="Overdue">Why the next check is overdue; absent if it is not.</param>
/// <param name="Open">Differences from the log that were not repaired yet.</param>
public sealed record SentinelView(
    DateTimeOffset? LastLook,
    long Looks,
    long Streams,
    long Drift,
    DateTimeOffset? PassedAt,
    string? Failure,
    DateTimeOffset? FailedAt,
    string? Overdue,
    IReadOnlyList<LogDifferenceView> Open);

/// <summary>All read models and the sentinel.</summary>
/// <param name="HeldBackBy">Open transactions that hold the high-water mark back; empty if there are none.</param>
public sealed record ProjectionsView(IReadOnlyList<ProjectionView> Items, SentinelView Sentinel, IReadOnlyList<LogBlocker> HeldBackBy);

public static class GetProjectionsEndpoint
{
    [WolverineGet("/ops/projections", OperationId = "listReadModels")]
    [Tags("Operations")]
    [EndpointSummary("List the read models: lag, trend, stalls, rebuilds, and the differences that the sentinel found")]
    [EndpointDescription("Lists the read models with their lag, rebuilds, and the differences from the log that the sentinel found.")]
    [Authorize(Policies.Watch)]
    [ProducesResponseType<ProjectionsView>(StatusCodes.Status200OK)]
    public static async Task<IResult> Get(
        IEnumerable<ReadModel> models,
        DocumentModels documents,
        ReadModelLag lag,
        SentinelWatch sentinel,
        LogBlockers blockers,
        DifferenceViews differences,
        CancellationToken ct)
    {
        var measured = await lag.LookAsync(ct);
        var lags = measured.Lags.ToDictionary(l => l.Model);
        var generations = measured.Generations.ToLookup(g => g.Model);
        var (s, overdue) = await sentinel.LookAsync(ct);
        var all = models
            .Select(m => (m.Name, m.Version))
            .Concat(documents.All.Select(d => (d.Name, d.Version)))
            .OrderBy(m => m.Name, StringComparer.Ordinal);
        var views = new List<ProjectionView>();
        foreach (var (name, version) in all)
        {
            views.Add(await ViewAsync(name, version, lags.GetValueOrDefault(name), [.. generations[name]], differences, ct));
        }

        return TypedResults.Json(
            new ProjectionsView(
                views,
                new(
                    s.LastLook, s.Looks, s.Streams, s.Drift, s.Place.PassedAt, s.Failure, s.FailedAt, overdue,
                    await differences.OfAsync(s.Open, ct)),
                await blockers.OfGapAsync(ct)),
            ApiJson.Options);
    }

    private static async Task<ProjectionView> ViewAsync(
        string name, int version, Lag? lag, List<Generation> all, DifferenceViews differences, CancellationToken ct)
    {
        // Documents are rebuilt in place, so a rebuild has no generation of its own.
        var active = all.Find(g => g.State == GenerationState.Active || !g.HasTables);
        var candidate = all.Find(g => GenerationState.IsCandidate(g.State));
        return new(
            name,
            version,
            lag is null
                ? new(0, 0, 0, 0, 0, "not measured yet")
                : new(lag.Position, lag.End, lag.Events, lag.Seconds, lag.Trend, lag.Stalled),
            active is null ? null : GenerationView.PauseOf(active),
            active is null ? null : await differences.OfAsync(active, ct),
            candidate is null ? null : await differences.OfAsync(candidate, ct));
    }
}
