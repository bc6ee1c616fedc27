using System.Globalization;
using Banking.EventStore.Log;
using Banking.EventStore.Storage;
using Banking.ReadModels.Books;
using Banking.ReadModels.Comparing;
using JasperFx.Events;
using Npgsql;

namespace Banking.ReadModels.Documents;

/// <summary>
/// Compares documents that are made of one stream with the folds of their events, up to the position of each projection. It also finds
/// documents without a stream.
/// </summary>
internal sealed class DocumentComparison(DocumentModels models, LogReader log) : StoredComparison
{
    public override string Name => "documents";

    public override async Task<IReadOnlyList<Difference>> OfStreamsAsync(
        NpgsqlConnection snapshot, StreamSelection streams, IReadOnlyDictionary<Guid, IReadOnlyList<IEvent>> events, CancellationToken ct)
    {
        var differences = new List<Difference>();
        // The last events of a long stream alone give no document.
        foreach (var model in models.All.Where(m => IsCompared(m) && streams.AfterVersion == 0))
        {
            var position = await model.PositionAsync(snapshot, ct);
            var stored = await StoredAsync(snapshot, model, streams, ct);
            foreach (var (stream, streamEvents) in events)
            {
                var expected = model.Fold!.Make(stream, Select(model, streamEvents, position));
                differences.AddRange(model.Compare(stream, expected, stored.GetValueOrDefault(stream).Document));
            }

            differences.AddRange(stored.Where(d => !d.Value.HasStream).Select(d => model.Difference(d.Key, null, d.Value.Document)));
        }

        return differences;
    }

    public override async Task<IReadOnlyList<Difference>> OfLongStreamAsync(NpgsqlConnection snapshot, Guid stream, CancellationToken ct)
    {
        var differences = new List<Difference>();
        foreach (var model in models.All.Where(IsCompared))
        {
            var position = await model.PositionAsync(snapshot, ct);
            var events = await log.ReadTypesAsync(snapshot, [stream], model.EventTypes, position, ct);
            var stored = await StoredAsync(snapshot, model, StreamSelection.Of(stream), ct);
            differences.AddRange(model.Compare(stream, model.Fold!.Make(stream, events), stored.GetValueOrDefault(stream).Document));
        }

        return differences;
    }

    /// <summary>Finds projections whose position is beyond the end of the log: they would skip the next events.</summary>
    public override async Task<IReadOnlyList<Difference>> OfBankAsync(NpgsqlConnection snapshot, CancellationToken ct)
    {
        var end = await snapshot.ScalarAsync<long>($"select coalesce(max(seq_id), 0) from {SchemaNames.Events}.mt_events", [], ct);
        var differences = new List<Difference>();
        foreach (var model in models.All)
        {
            if (await model.PositionAsync(snapshot, ct) is var position && position > end)
            {
                differences.Add(new(
                    model.Name, "progress", null, string.Create(CultureInfo.InvariantCulture, $$"""{"atMost": {{end}}}"""),
                    string.Create(CultureInfo.InvariantCulture, $$"""{"position": {{position}}}""")));
            }
        }

        return differences;
    }

    /// <summary>Whether each document is the fold of one stream; <see cref="JoinedComparison"/> compares the others.</summary>
    private static bool IsCompared(DocumentModel model) => model.Fold is not (null or JoinedFold);

    private static IEnumerable<IEvent> Select(DocumentModel model, IEnumerable<IEvent> events, long upTo) =>
        events.Where(e => e.Sequence <= upTo && model.EventTypes.Contains(e.EventTypeName));

    private static async Task<Dictionary<Guid, (string Document, bool HasStream)>> StoredAsync(
        NpgsqlConnection snapshot, DocumentModel model, StreamSelection streams, CancellationToken ct)
    {
        var rows = await streams.ListAsync(
            snapshot,
            $"""
            select d.id, d.data::text, exists (select from {SchemaNames.Events}.mt_streams s where s.id = d.id)
            from {model.Table} d where {streams.On("d.id")}
            """,
            [],
            row => (Id: row.GetGuid(0), Stored: (row.GetString(1), row.GetBoolean(2))),
            ct);
        return rows.ToDictionary();
    }
}
