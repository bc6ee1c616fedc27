using System.Globalization;
using Banking.EventStore.Archive;
using Banking.EventStore.Json;
using Banking.ReadModels.Archiving;
using Banking.Web.Http;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Banking.Operations.Features;

/// <summary>The event archive.</summary>
/// <param name="Location">The folder or bucket of the files.</param>
/// <param name="Events">Number of events in all files that were not deleted.</param>
/// <param name="Bytes">Bytes of all files that were not deleted.</param>
public sealed record EventArchiveView(string Location, long Events, long Bytes, IReadOnlyList<EventArchiveFileView> Items);

/// <summary>A file of the event archive.</summary>
/// <param name="FirstRecordedAt">When its oldest event was recorded.</param>
/// <param name="LastRecordedAt">When its newest event was recorded.</param>
/// <param name="RowsWithoutData">Number of rows of the log whose data is in the file only.</param>
/// <param name="LastCheck">The last comparison with the manifest and the log; absent before the first one.</param>
/// <param name="Hold">Present while the file must not be deleted.</param>
/// <param name="Deletion">Present if the file was deleted by a rule.</param>
public sealed record EventArchiveFileView(
    string Name, DateTimeOffset WrittenAt, long Events, long Streams, long FirstPosition, long LastPosition,
    DateTimeOffset FirstRecordedAt, DateTimeOffset LastRecordedAt, long Bytes, string Sha256, long RowsWithoutData,
    ArchiveCheckView? LastCheck, ArchiveDecisionView? Hold, ArchiveDecisionView? Deletion);

/// <summary>A check of a file.</summary>
/// <param name="Report">What differs; empty if nothing does.</param>
public sealed record ArchiveCheckView(DateTimeOffset At, bool Succeeded, string Report);

/// <summary>A decision of an operator.</summary>
public sealed record ArchiveDecisionView(DateTimeOffset At, string? Actor, string? Reason);

public static class GetArchiveEndpoint
{
    [WolverineGet("/ops/archive", OperationId = "getArchive")]
    [Tags("Operations")]
    [EndpointSummary("Show the archive of old events: files, their sizes, last checks, holds and deletions")]
    [EndpointDescription(
        "Shows the files that have the data of old events in place of the database. Commands of the owner write, remove, restore and "
        + "delete.")]
    [Authorize(Policies.Watch)]
    [ProducesResponseType<EventArchiveView>(StatusCodes.Status200OK)]
    public static async Task<IResult> Get(ArchiveStates states, IArchiveStorage storage, HttpContext http)
    {
        var files = await states.FilesAsync(http.RequestAborted);
        var kept = files.Where(f => f.Deletion is null).ToList();
        return TypedResults.Json(
            new EventArchiveView(
                storage.Description, kept.Sum(f => f.File.Header.Events), kept.Sum(f => f.File.Bytes), [.. files.Select(View)]),
            ApiJson.Options);
    }

    private static EventArchiveFileView View(ArchiveState state) => new(
        state.File.Name, state.File.WrittenAt, state.File.Header.Events, state.File.Header.Streams, state.File.Header.FirstPosition,
        state.File.Header.LastPosition, Instant(state.File.Header.FirstRecordedAt), Instant(state.File.Header.LastRecordedAt),
        state.File.Bytes, state.File.Sha256, state.RemovedRows,
        state.LastCheck is { } check ? new(check.EffectiveAt, check.Succeeded, check.Report) : null,
        Decision(state.Hold), Decision(state.Deletion));

    private static DateTimeOffset Instant(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture);

    private static ArchiveDecisionView? Decision(ArchiveDecision? decision) =>
        decision is null ? null : new(decision.At, decision.Actor, decision.Reason);
}
