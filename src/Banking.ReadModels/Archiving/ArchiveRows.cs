using System.Globalization;
using Banking.Commands.Operators;
using Banking.EventStore.Archive;
using Banking.EventStore.Log;
using Banking.EventStore.Storage;
using Banking.ReadModels.Documents;
using Marten;
using Npgsql;

namespace Banking.ReadModels.Archiving;

/// <summary>
/// The second phase of archiving: rows lose the data that a file has, in batches, and its opposite. The file is read and compared with the
/// manifest right before. Each batch is a transaction, and a row changes only if it has exactly the data of the file: killed at any moment,
/// each event is whole in one of the two places, and the next run continues.
/// </summary>
public sealed class ArchiveRows(
    ArchivePlan plan, IEnumerable<ArchivableStream> kinds, DocumentModels documents, IDocumentStore store, IArchiveStorage storage,
    ArchiveLog log, TimeProvider clock)
{
    /// <summary>Number of events in a transaction.</summary>
    public int BatchSize { get; set; } = 2_000;

    /// <summary>With the names of earlier versions: SQL finds these events by their data too.</summary>
    private readonly HashSet<string> _keptTypes =
    [
        .. kinds.SelectMany(k => k.KeptTypes).SelectMany(name => StoredEventTypes.Versions(store, name)),
        .. documents.All.SelectMany(d => d.EventTypes),
    ];

    /// <summary>
    /// Removes the data of all rows that may lose it. Rows that must keep it get it back: an earlier release may have removed it.
    /// </summary>
    /// <returns>The number of rows without data, and why nothing was done.</returns>
    public async Task<(long Rows, string? Refused)> RemoveAsync(
        NpgsqlConnection owner, ManifestFile file, OperatorAction action, CancellationToken ct)
    {
        var (passed, follower) = await plan.PassedAsync(owner, ct);
        if (passed < file.Header.LastPosition)
        {
            return (0, string.Create(
                CultureInfo.InvariantCulture,
                $"{follower} is at position {passed}, but {file.Name} reaches up to {file.Header.LastPosition}. Let it catch up first."));
        }

        await CheckAsync(owner, file, ct);
        var (rows, start) = (0L, Start(file, isRemoval: true, action, ct));
        foreach (var batch in Batches(file))
        {
            var (removable, kept) = await DivideAsync(owner, batch, ct);
            await ChangeAsync(owner, ArchiveManifest.Remove, file, removable, isRemoved: true, start, ct);
            await ChangeAsync(owner, ArchiveManifest.Restore, file, kept, isRemoved: false, start, ct);
            rows += removable.Count;
        }

        // Also if nothing was left to do: a run that was killed before may have removed all without recording it.
        await log.RecordAsync(owner, file.Name, new ArchivedRowsRemoved(file.Name, rows, clock.GetUtcNow()), action, ct);
        return (rows, null);
    }

    /// <summary>Puts the data of all rows back that have it in the file.</summary>
    /// <returns>The number of rows that lacked it.</returns>
    public async Task<long> RestoreAsync(NpgsqlConnection owner, ManifestFile file, OperatorAction action, CancellationToken ct)
    {
        await CheckAsync(owner, file, ct);
        var (changed, start) = (0L, Start(file, isRemoval: false, action, ct));
        foreach (var batch in Batches(file))
        {
            changed += await ChangeAsync(owner, ArchiveManifest.Restore, file, batch, isRemoved: false, start, ct);
        }

        await log.RecordAsync(owner, file.Name, new ArchivedRowsRestored(file.Name, changed, clock.GetUtcNow()), action, ct);
        return changed;
    }

    /// <summary>Reads the whole file and compares it with the manifest.</summary>
    /// <exception cref="ArchiveDamagedException">They differ.</exception>
    public async Task<CheckedArchive> CheckAsync(NpgsqlConnection connection, ManifestFile file, CancellationToken ct)
    {
        await using var stored = await storage.OpenAsync(file.Name, ct);
        var found = await ArchiveFileReader.CheckAsync(stored, (_, _) => ValueTask.CompletedTask, ct);
        if (found.Sha256 != file.Sha256 || found.Bytes != file.Bytes)
        {
            throw new ArchiveDamagedException($"{file.Name} has the hash {found.Sha256}, but the manifest names {file.Sha256}.");
        }

        if (!found.Footer.IsEqualTo(file.Footer))
        {
            throw new ArchiveDamagedException($"{file.Name} has other blocks than the manifest names.");
        }

        return found.Parts.SequenceEqual(await ArchiveManifest.PartsAsync(connection, file.Id, ct))
            ? found
            : throw new ArchiveDamagedException($"{file.Name} has other parts of streams than the manifest names.");
    }

    /// <summary>
    /// The events of a file, block by block as readers read them. Each block is compared with its hash in the manifest before its events
    /// are used: the file may have been replaced since it was checked.
    /// </summary>
    internal IEnumerable<ArchivedEvent[]> Batches(ManifestFile file) => file.Footer.Blocks
        .SelectMany(b => ArchiveBlockContent.Read(storage, file, b).Events())
        .Chunk(BatchSize);

    /// <summary>Records once that rows change, in the transaction of the first change: a killed run leaves a fact.</summary>
    private Func<NpgsqlTransaction, Task> Start(ManifestFile file, bool isRemoval, OperatorAction action, CancellationToken ct)
    {
        var isStarted = false;
        return async transaction =>
        {
            if (!isStarted)
            {
                var started = new ArchivedRowsChangeStarted(file.Name, isRemoval, clock.GetUtcNow());
                await log.RecordAsync(transaction, file.Name, started, action, ct);
                isStarted = true;
            }
        };
    }

    /// <summary>
    /// The events of a batch whose rows may lose their data, and those whose rows keep it. The last event of a stream keeps it: commands
    /// and caches find the end of a stream by it, in one partition.
    /// </summary>
    private async Task<(IReadOnlyList<ArchivedEvent> Removable, IReadOnlyList<ArchivedEvent> Kept)> DivideAsync(
        NpgsqlConnection owner, IReadOnlyList<ArchivedEvent> batch, CancellationToken ct)
    {
        var ends = (await owner.ListAsync(
            $"select id, version from {SchemaNames.Streams} where id = any($1)",
            [batch.Select(e => e.Stream).Distinct().ToArray()],
            row => (Id: row.GetGuid(0), Version: row.GetInt64(1)),
            ct)).ToDictionary(s => s.Id, s => s.Version);
        var divided = batch.ToLookup(e => !_keptTypes.Contains(e.Type) && e.Version < ends.GetValueOrDefault(e.Stream));
        return ([.. divided[true]], [.. divided[false]]);
    }

    /// <param name="start">Called in the transaction if it changes rows.</param>
    /// <returns>The number of rows that were changed; the others were so before.</returns>
    private static async Task<long> ChangeAsync(
        NpgsqlConnection owner, string function, ManifestFile file, IReadOnlyList<ArchivedEvent> events, bool isRemoved,
        Func<NpgsqlTransaction, Task> start, CancellationToken ct)
    {
        if (events.Count == 0)
        {
            return 0;
        }

        var (positions, ids) = (events.Select(e => e.Position).ToArray(), events.Select(e => e.Id).ToArray());
        await using var transaction = await owner.BeginTransactionAsync(ct);
        var changed = await owner.ScalarAsync<long>(
            $"select {function}($1, $2, $3, $4)",
            [file.Id, positions, ids, events.Select(e => System.Text.Encoding.UTF8.GetString(e.Data.Span)).ToArray()],
            ct,
            timeoutSeconds: 0);
        var there = await owner.ScalarAsync<long>(
            $"""
            select count(*) from unnest($2, $3) as f(position, id)
            join {SchemaNames.Events}.mt_events e on e.seq_id = f.position and e.id = f.id
            where {(isRemoved ? "" : "not")} (e.is_archived and e.data = jsonb_build_object('{ArchiveManifest.Marker}', $1::int))
            """,
            [file.Id, positions, ids],
            ct,
            timeoutSeconds: 0);
        if (there != events.Count)
        {
            throw new ArchiveDamagedException(string.Create(
                CultureInfo.InvariantCulture,
                $"{events.Count - there} rows of the log from position {positions[0]} to {positions[^1]} differ from {file.Name}. "
                    + $"Nothing of these was changed. Run verify."));
        }

        await (changed > 0 ? start(transaction) : Task.CompletedTask);
        await transaction.CommitAsync(ct);
        return changed;
    }
}
