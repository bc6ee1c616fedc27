using Banking.EventStore.Appending;
using Banking.EventStore.Archive;
using Banking.EventStore.Log;
using JasperFx.Events;
using Npgsql;

namespace Banking.ReadModels.Archiving;

/// <summary>A file of the manifest, and what was done with it.</summary>
/// <param name="RemovedRows">Number of rows of the log without the data that the file has.</param>
/// <param name="IsChanging">Whether a removal or its opposite runs, or was killed.</param>
/// <param name="LastCheck">Null before the first one.</param>
/// <param name="Hold">Who holds it, since when and why; null if it is not held.</param>
/// <param name="Deletion">Who deleted it, when and why; null if it was not deleted.</param>
public sealed record ArchiveState(
    ManifestFile File, long RemovedRows, bool IsChanging, ArchiveChecked? LastCheck, ArchiveDecision? Hold, ArchiveDecision? Deletion);

/// <summary>A decision of an operator about a file.</summary>
public sealed record ArchiveDecision(DateTimeOffset At, string? Actor, string? Reason)
{
    internal static ArchiveDecision Of(IEvent e) => new(e.Timestamp, e.UserName, e.Header(HeaderNames.ReasonText));
}

/// <summary>Reads what is archived, from the manifest and the operator log.</summary>
public sealed class ArchiveStates(NpgsqlDataSource source, IArchiveStorage storage, EventReader events)
{
    /// <returns>The files of the manifest, and those of the storage that it does not name.</returns>
    public async Task<(IReadOnlyList<ArchiveState> Files, IReadOnlyList<StoredArchive> Unnamed)> ReadAsync(CancellationToken ct)
    {
        var files = await FilesAsync(ct);
        var names = files.Select(f => f.File.Name).ToHashSet();
        return (files, [.. (await storage.ListAsync(ct)).Where(f => !names.Contains(f.Name))]);
    }

    /// <summary>The files of the manifest.</summary>
    public async Task<IReadOnlyList<ArchiveState>> FilesAsync(CancellationToken ct)
    {
        var files = await ArchiveManifest.FilesAsync(source, ct);
        var facts = (await events.WhereAsync(
            "stream_id = any($1)", [files.Select(f => ArchiveLog.StreamOf(f.Name)).ToArray()], ct)).ToLookup(e => e.StreamId);
        var states = new List<ArchiveState>();
        foreach (var file in files)
        {
            var state = Of(file, facts[ArchiveLog.StreamOf(file.Name)]);
            states.Add(state.IsChanging ? state with { RemovedRows = await CountRemovedAsync(file, ct) } : state);
        }

        return states;
    }

    private async Task<long> CountRemovedAsync(ManifestFile file, CancellationToken ct)
    {
        await using var connection = await source.OpenConnectionAsync(ct);
        return await ArchiveManifest.CountRemovedAsync(connection, file.Id, ct);
    }

    private static ArchiveState Of(ManifestFile file, IEnumerable<IEvent> facts)
    {
        var state = new ArchiveState(file, 0, IsChanging: false, null, null, null);
        foreach (var e in facts.OrderBy(e => e.Version))
        {
            state = e.Data switch
            {
                ArchivedRowsChangeStarted => state with { IsChanging = true },
                ArchivedRowsRemoved removed => state with { RemovedRows = removed.Rows, IsChanging = false },
                ArchivedRowsRestored => state with { RemovedRows = 0, IsChanging = false },
                ArchiveChecked check => state with { LastCheck = check },
                ArchiveHeld => state with { Hold = ArchiveDecision.Of(e) },
                ArchiveReleased => state with { Hold = null },
                ArchiveDeleted => state with { Deletion = ArchiveDecision.Of(e) },
                _ => state,
            };
        }

        return state;
    }
}
