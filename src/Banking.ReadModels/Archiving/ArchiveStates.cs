using Banking.EventStore.Archive;
using Banking.EventStore.Log;
using JasperFx.Events;
using Npgsql;

namespace Banking.ReadModels.Archiving;

/// <summary>A file of the manifest, and what was done with it.</summary>
/// <param name="RemovedRows">Number of rows of the log without the data that the file has.</param>
/// <param name="LastCheck">Null before the first one.</param>
public sealed record ArchiveState(ManifestFile File, long RemovedRows, ArchiveChecked? LastCheck);

/// <summary>Reads what is archived, from the manifest and the operator log.</summary>
public sealed class ArchiveStates(NpgsqlDataSource source, IArchiveStorage storage, EventReader events)
{
    /// <returns>The files of the manifest, and those of the storage that it does not name.</returns>
    public async Task<(IReadOnlyList<ArchiveState> Files, IReadOnlyList<StoredArchive> Unnamed)> ReadAsync(CancellationToken ct)
    {
        var files = await ArchiveManifest.FilesAsync(source, ct);
        var names = files.Select(f => f.Name).ToHashSet();
        var facts = (await events.WhereAsync("stream_id = any($1)", [names.Select(ArchiveLog.StreamOf).ToArray()], ct))
            .ToLookup(e => e.StreamId);
        return (
            [.. files.Select(f => Of(f, facts[ArchiveLog.StreamOf(f.Name)]))],
            [.. (await storage.ListAsync(ct)).Where(f => !names.Contains(f.Name))]);
    }

    private static ArchiveState Of(ManifestFile file, IEnumerable<IEvent> facts)
    {
        var state = new ArchiveState(file, 0, null);
        foreach (var e in facts.OrderBy(e => e.Version))
        {
            state = e.Data switch
            {
                ArchivedRowsRemoved removed => state with { RemovedRows = removed.Rows },
                ArchivedRowsRestored restored => state with { RemovedRows = Math.Max(0, state.RemovedRows - restored.Rows) },
                ArchiveChecked check => state with { LastCheck = check },
                _ => state,
            };
        }

        return state;
    }
}
