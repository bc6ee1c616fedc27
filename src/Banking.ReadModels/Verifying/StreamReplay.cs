using Banking.EventStore.Log;
using Banking.EventStore.Storage;
using Banking.ReadModels.Books;
using Banking.ReadModels.Comparing;
using JasperFx.Events;
using Npgsql;

namespace Banking.ReadModels.Verifying;

/// <summary>A replay of one stream, compared with the stored data.</summary>
/// <param name="Events">Number of events of the stream.</param>
public sealed record ReplayedStream(Guid Stream, long Events, IReadOnlyList<Difference> Differences);

/// <summary>
/// Compares all data derived from one stream with a replay of its events, in one snapshot and without locks. Unlike a verification of many
/// streams it searches the books by stream, so that it finds orphan rows too.
/// </summary>
public sealed class StreamReplay(
    IEnumerable<ReadModel> models, IEnumerable<StoredComparison> stored, Snapshots snapshots, LogReader log)
{
    private const string Events = "events";

    /// <returns>Null if there is no stream of this type and id.</returns>
    /// <exception cref="UnreadableEventException">An event of the stream cannot be read.</exception>
    public Task<ReplayedStream?> CompareAsync(string type, Guid stream, CancellationToken ct) => snapshots.InAsync(
        async snapshot =>
        {
            await Snapshots.KeepAnswersAsync(snapshot, ct);
            if (!await snapshot.ScalarAsync<bool>(
                $"select exists (select from {SchemaNames.Streams} where id = $1 and type = $2)", [stream, type], ct))
            {
                return null;
            }

            var deleted = await DeletedPart.FindAsync(snapshot, stream, ct);
            var (count, events) = await ReadAsync(snapshot, stream, deleted, ct);
            var differences = new List<Difference>();
            foreach (var comparison in stored)
            {
                differences.AddRange(await OfPartAsync(
                    snapshot, comparison.Name, stream, () => OfStoredAsync(snapshot, comparison, stream, events, ct), ct));
            }

            foreach (var model in models)
            {
                differences.AddRange(await OfPartAsync(
                    snapshot, model.Name, stream, () => OfRowsAsync(snapshot, model, stream, deleted, events, ct), ct));
            }

            return new ReplayedStream(stream, count, differences);
        },
        byKeys: true,
        ct);

    /// <summary>
    /// Reads all events, so that one that cannot be read ends the replay before a comparison reports it as a difference. Deleted events at
    /// the beginning of the stream are left out if others follow.
    /// </summary>
    /// <returns>
    /// The number of events; and the events by stream, without those of a stream that is too long to hold in memory, or not whole.
    /// </returns>
    private async Task<(long Count, Dictionary<Guid, IReadOnlyList<IEvent>> Events)> ReadAsync(
        NpgsqlConnection snapshot, Guid stream, DeletedPart deleted, CancellationToken ct)
    {
        var first = deleted.IsWhole ? 1 : deleted.Version + 1;
        var (count, events) = (0L, new List<IEvent>());
        await foreach (var page in log.ReadStreamAsync(snapshot, stream, long.MaxValue, ct, first))
        {
            count += page.Count;
            events.AddRange(count <= StreamSizes.MaxInMemory ? page : []);
        }

        return (count, first == 1 && count <= StreamSizes.MaxInMemory ? new() { [stream] = events } : []);
    }

    private static async Task<IReadOnlyList<Difference>> OfStoredAsync(
        NpgsqlConnection snapshot,
        StoredComparison comparison,
        Guid stream,
        Dictionary<Guid, IReadOnlyList<IEvent>> events,
        CancellationToken ct)
    {
        var differences = await comparison.OfStreamsAsync(snapshot, StreamSelection.Of(stream), events, ct);
        // Both may find the same.
        return events.Count > 0 ? differences : [.. differences.Union(await comparison.OfLongStreamAsync(snapshot, stream, ct))];
    }

    private async Task<IReadOnlyList<Difference>> OfRowsAsync(
        NpgsqlConnection snapshot, ReadModel model, Guid stream, DeletedPart deleted, Dictionary<Guid, IReadOnlyList<IEvent>> events,
        CancellationToken ct)
    {
        // Hosts of another version of this bank may write the model; then this host cannot compare it.
        if (await Snapshots.ActiveAsync(snapshot, model, ct) is not { } active)
        {
            return [];
        }

        var tables = ReadTables.Generation(model, active.Number);
        var (expected, _) = await StreamCheck.ProjectAsync(snapshot, model, tables, log, stream, deleted, active.Position, ct);
        var rows = await Comparison.CompareStreamsAsync(snapshot, model, expected, tables, [stream], positions: null, ct);
        if (rows.Count > 0)
        {
            return rows;
        }

        if (events.Count == 0)
        {
            return await model.CompareEndsAsync(snapshot, tables, [stream], ct);
        }

        var projected = events.ToDictionary(s => s.Key, s => (IReadOnlyList<IEvent>)[.. s.Value.Where(e => e.Sequence <= active.Position)]);
        return await model.CompareWithFoldsAsync(snapshot, tables, projected, ct);
    }

    /// <summary>
    /// Runs one comparison. If it fails because of the data, that is a difference, and the snapshot stays usable for the other comparisons.
    /// </summary>
    private static async Task<IReadOnlyList<Difference>> OfPartAsync(
        NpgsqlConnection snapshot, string of, Guid stream, Func<Task<IReadOnlyList<Difference>>> compare, CancellationToken ct)
    {
        await snapshot.ExecuteAsync("savepoint part", [], ct);
        IReadOnlyList<Difference> differences;
        try
        {
            differences = await compare();
        }
        catch (Exception failure) when (ReadModelWriter.IsDataFailure(failure) && !Snapshots.IsTableDropped(failure))
        {
            differences = [Parts.Failed(of, Events, stream, failure)];
        }

        // Also drops the temporary tables of the comparison.
        await snapshot.ExecuteAsync("rollback to savepoint part", [], ct);
        return differences;
    }
}
