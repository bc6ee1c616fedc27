using Banking.EventStore.Log;
using Banking.ReadModels.Books;
using JasperFx.Events;
using Npgsql;

namespace Banking.ReadModels.Comparing;

/// <summary>
/// Compares streams with all data derived from them: the log with itself, stored states, receipts and refusals with the log, and the rows
/// of every read model. A stream that cannot be compared is a difference, and the other streams are still compared.
/// </summary>
public sealed class StreamVerification(
    IEnumerable<ReadModel> models, IEnumerable<StoredComparison> stored, Snapshots snapshots, LogReader log)
{
    private const string Events = "events";

    private readonly IReadOnlyList<ReadModel> _models = [.. models];
    private readonly IReadOnlyList<StoredComparison> _stored = [.. stored];

    /// <summary>Compares some streams.</summary>
    /// <param name="selection">The same streams, and other data with ids in the same range.</param>
    /// <param name="existing">Streams of the selection that exist and are short enough to hold in memory together.</param>
    /// <returns>The number of their events, and the differences.</returns>
    public async Task<(long Events, IReadOnlyList<Difference> Differences)> CompareAsync(
        StreamSelection selection, Guid[] existing, CancellationToken ct)
    {
        try
        {
            return await CompareInSnapshotAsync(PartsOf(selection, ct), existing, ct);
        }
        catch (Exception failure) when (ReadModelWriter.IsDataFailure(failure))
        {
            return await CompareInPartsAsync(selection, existing, ct);
        }
    }

    /// <summary>Compares a stream that is too long to hold in memory.</summary>
    public Task<IReadOnlyList<Difference>> CompareLongAsync(Guid stream, CancellationToken ct) => CompareOneByOneAsync(
        StreamSelection.Of(stream),
        stream,
        part => snapshots.InAsync(snapshot => part.CompareLongAsync(snapshot, stream), byKeys: true, ct),
        ct);

    /// <summary>Compares only the last rows of streams that are too long for a row by row comparison.</summary>
    public Task<IReadOnlyList<Difference>> CompareEndsAsync(Guid[] streams, CancellationToken ct) => snapshots.OfEachAsync(
        _models.Where(_ => streams.Length > 0),
        Events,
        (snapshot, model, active) => model.CompareEndsAsync(snapshot, ReadTables.Generation(model, active.Number), streams, ct),
        byKeys: true,
        ct);

    /// <summary>The comparisons of streams: of each kind of stored data, and of the rows of each read model.</summary>
    private IEnumerable<StreamPart> PartsOf(StreamSelection selection, CancellationToken ct) =>
    [
        .. _stored.Select(c => new StreamPart(
            c.Name,
            (snapshot, events) => c.OfStreamsAsync(snapshot, selection, events, ct),
            (snapshot, stream) => c.OfLongStreamAsync(snapshot, stream, ct))),
        .. _models.Select(m => new StreamPart(
            m.Name,
            (snapshot, events) => RowsAsync(snapshot, m, events, ct),
            (snapshot, stream) => LongRowsAsync(snapshot, m, stream, ct))),
    ];

    /// <summary>Runs comparisons in one snapshot, so that all data is compared with the same events.</summary>
    private Task<(long Events, IReadOnlyList<Difference> Differences)> CompareInSnapshotAsync(
        IEnumerable<StreamPart> parts, Guid[] existing, CancellationToken ct) =>
        snapshots.InAsync<(long, IReadOnlyList<Difference>)>(
            async snapshot =>
            {
                await Snapshots.KeepAnswersAsync(snapshot, ct);
                var (events, unreadable) = await log.ReadStreamsAsync(snapshot, existing, ct);
                var readable = events.Where(s => !unreadable.ContainsKey(s.Key)).ToDictionary(s => s.Key, s => s.Value);
                // What a rule deleted is no difference: such a stream is compared with the events after it.
                var deleted = unreadable.Where(u => Snapshots.IsDeleted(u.Value)).Select(u => u.Key).ToList();
                var differences = unreadable.Where(u => !Snapshots.IsDeleted(u.Value)).Select(u => Unreadable(u.Key, u.Value)).ToList();
                foreach (var part in parts)
                {
                    differences.AddRange(await part.CompareAsync(snapshot, readable));
                    foreach (var stream in deleted)
                    {
                        differences.AddRange(await part.CompareLongAsync(snapshot, stream));
                    }
                }

                return (events.Values.Sum(e => (long)e.Count), differences);
            },
            byKeys: true,
            ct);

    private static async Task<IReadOnlyList<Difference>> RowsAsync(
        NpgsqlConnection snapshot, ReadModel model, IReadOnlyDictionary<Guid, IReadOnlyList<IEvent>> streams, CancellationToken ct)
    {
        if (streams.Count == 0 || await Snapshots.ActiveAsync(snapshot, model, ct) is not { } active)
        {
            return [];
        }

        var projected = streams.ToDictionary(
            s => s.Key, s => (IReadOnlyList<IEvent>)[.. s.Value.Where(e => e.Sequence <= active.Position)]);
        return await StreamCheck.RunAsync(snapshot, model, ReadTables.Generation(model, active.Number), projected, ct);
    }

    private async Task<IReadOnlyList<Difference>> LongRowsAsync(
        NpgsqlConnection snapshot, ReadModel model, Guid stream, CancellationToken ct) =>
        await Snapshots.ActiveAsync(snapshot, model, ct) is { } active
            ? await StreamCheck.RunAsync(snapshot, model, ReadTables.Generation(model, active.Number), log, stream, active.Position, ct)
            : [];

    /// <summary>
    /// Finds the data that cannot be compared by bisection, reports it, and compares everything else.
    /// </summary>
    private async Task<(long Events, IReadOnlyList<Difference> Differences)> CompareInPartsAsync(
        StreamSelection selection, Guid[] existing, CancellationToken ct)
    {
        if (existing.Length <= 1)
        {
            return (0, await OfAsync(existing));
        }

        var (events, differences) = (0L, new List<Difference>());
        foreach (var half in existing.Chunk((existing.Length + 1) / 2))
        {
            var (read, found) = await CompareAsync(StreamSelection.Of(half), half, ct);
            events += read;
            differences.AddRange(found);
        }

        // Other data in the range, without the differences of these streams, which are reported already.
        differences.AddRange((await OfAsync([])).Where(d => d.Stream is not { } s || !existing.Contains(s)));
        return (events, differences);

        Task<IReadOnlyList<Difference>> OfAsync(Guid[] streams) => CompareOneByOneAsync(
            selection,
            streams is [var stream] ? stream : null,
            async part => (await CompareInSnapshotAsync([part], streams, ct)).Differences,
            ct);
    }

    /// <summary>Runs each comparison in its own snapshot, so that a failure does not end the others.</summary>
    private async Task<IReadOnlyList<Difference>> CompareOneByOneAsync(
        StreamSelection selection, Guid? stream, Func<StreamPart, Task<IReadOnlyList<Difference>>> compare, CancellationToken ct)
    {
        var differences = new List<Difference>();
        foreach (var part in PartsOf(selection, ct))
        {
            differences.AddRange(await Parts.RunAsync(part.Name, Events, stream, () => compare(part)));
        }

        // Each part names an event that cannot be read.
        return [.. differences.Distinct()];
    }

    private static Difference Unreadable(Guid stream, UnreadableEventException failure) =>
        new(StreamComparison.LogName, StreamComparison.Event, stream, "\"an event that can be read\"", failure.Message);

    /// <summary>One comparison of some streams.</summary>
    /// <param name="Name">The data that it compares.</param>
    /// <param name="CompareAsync">Compares streams that were read whole.</param>
    /// <param name="CompareLongAsync">Compares a stream that is read page by page, without what was deleted of it.</param>
    private sealed record StreamPart(
        string Name,
        Func<NpgsqlConnection, IReadOnlyDictionary<Guid, IReadOnlyList<IEvent>>, Task<IReadOnlyList<Difference>>> CompareAsync,
        Func<NpgsqlConnection, Guid, Task<IReadOnlyList<Difference>>> CompareLongAsync);
}
