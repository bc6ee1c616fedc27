using Banking.EventStore.Log;
using Banking.EventStore.Storage;
using Banking.ReadModels.Books;
using Banking.ReadModels.Comparing;
using JasperFx.Events;
using Npgsql;

namespace Banking.ReadModels.Documents;

/// <summary>
/// Compares documents that are made of several streams with the folds of their events, up to the position of each projection. A document
/// is compared with each of its streams: it must include the stream, and nothing of the streams that it names and that belong to another
/// document. So a comparison of all streams finds every difference, and no index from documents to streams is needed. All is read over the
/// snapshot's own connection: a second one could wait for a migration that waits for the snapshot.
/// </summary>
internal sealed class JoinedComparison(DocumentModels models, LogReader log) : StoredComparison
{
    public override string Name => "joined documents";

    public override async Task<IReadOnlyList<Difference>> OfStreamsAsync(
        NpgsqlConnection snapshot, StreamSelection streams, IReadOnlyDictionary<Guid, IReadOnlyList<IEvent>> events, CancellationToken ct)
    {
        var differences = new List<Difference>();
        // The last events of a long stream do not name its document.
        foreach (var (model, fold) in Joined().Where(_ => streams.AfterVersion == 0))
        {
            var documents = events.Values.Where(e => e.Count > 0 && model.EventTypes.Contains(e[0].EventTypeName))
                .ToLookup(e => fold.DocumentOf(e[0]), e => e[0].StreamId);
            var selected = await streams.ListAsync(
                snapshot, $"select d.id from {model.Table} d where {streams.On("d.id")}", [], row => row.GetGuid(0), ct);
            differences.AddRange(await CompareAsync(snapshot, model, fold, documents, selected, events, ct));
        }

        return differences;
    }

    public override async Task<IReadOnlyList<Difference>> OfLongStreamAsync(NpgsqlConnection snapshot, Guid stream, CancellationToken ct)
    {
        var differences = new List<Difference>();
        foreach (var (model, fold) in Joined())
        {
            var position = await model.PositionAsync(snapshot, ct);
            var documents = (await log.ReadTypesAsync(snapshot, [stream], model.EventTypes, position, ct)).Take(1)
                .ToLookup(fold.DocumentOf, e => e.StreamId);
            differences.AddRange(await CompareAsync(snapshot, model, fold, documents, [], null, ct));
        }

        return differences;
    }

    private IEnumerable<(DocumentModel Model, JoinedFold Fold)> Joined() =>
        models.All.Where(m => m.Fold is JoinedFold).Select(m => (m, (JoinedFold)m.Fold!));

    /// <param name="streams">Documents, each with the streams that are known to belong to it.</param>
    /// <param name="others">Further documents to compare.</param>
    /// <param name="read">
    /// The streams that are read already. Null if a long stream is compared: only then are documents with a long stream compared, so that
    /// it is not read again for each of their other streams.
    /// </param>
    private async Task<IReadOnlyList<Difference>> CompareAsync(
        NpgsqlConnection snapshot,
        DocumentModel model,
        JoinedFold fold,
        ILookup<Guid, Guid> streams,
        IEnumerable<Guid> others,
        IReadOnlyDictionary<Guid, IReadOnlyList<IEvent>>? read,
        CancellationToken ct)
    {
        var position = await model.PositionAsync(snapshot, ct);
        Guid[] ids = [.. streams.Select(s => s.Key).Union(others)];
        var stored = (await snapshot.ListAsync(
            $"select id, data::text from {model.Table} where id = any($1)",
            [ids],
            row => (Id: row.GetGuid(0), Document: row.GetString(1)),
            ct)).ToDictionary();
        var sources = ids.ToDictionary(
            id => id,
            id => streams[id].Union(stored.TryGetValue(id, out var document) ? fold.StreamsOf(document) : []).ToArray());
        if (read is not null)
        {
            var longStreams = await StreamSizes.LargerAsync(
                snapshot, [.. sources.Values.SelectMany(s => s)], StreamSizes.MaxInMemory, ct);
            sources = sources.Where(s => !s.Value.Any(longStreams.Contains)).ToDictionary();
        }

        var events = await EventsAsync(snapshot, model, [.. sources.Values.SelectMany(s => s).Distinct()], read, position, ct);
        var documentOf = events.Where(e => e.Version == 1).ToDictionary(e => e.StreamId, fold.DocumentOf);
        var expected = events.ToLookup(e => documentOf.GetValueOrDefault(e.StreamId));
        return [.. sources.Keys.SelectMany(id => model.Compare(id, fold.Make(id, expected[id]), stored.GetValueOrDefault(id)))];
    }

    private async Task<IReadOnlyList<IEvent>> EventsAsync(
        NpgsqlConnection snapshot,
        DocumentModel model,
        IReadOnlyList<Guid> streams,
        IReadOnlyDictionary<Guid, IReadOnlyList<IEvent>>? read,
        long position,
        CancellationToken ct)
    {
        var known = streams.Where(s => read?.ContainsKey(s) == true).SelectMany(s => read![s])
            .Where(e => e.Sequence <= position && model.EventTypes.Contains(e.EventTypeName));
        Guid[] unread = [.. streams.Where(s => read?.ContainsKey(s) != true)];
        var others = await log.ReadTypesAsync(snapshot, unread, model.EventTypes, position, ct);
        return [.. known.Concat(others).OrderBy(e => e.Sequence)];
    }
}
