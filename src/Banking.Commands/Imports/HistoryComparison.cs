using System.Text;
using System.Text.Json.Nodes;
using Banking.EventStore.Appending;
using Banking.EventStore.Archive;
using Banking.EventStore.Callers;
using Banking.EventStore.Log;
using Banking.EventStore.Sealing;
using Banking.EventStore.Storage;
using Banking.EventStore.Versions;
using Banking.SharedKernel;
using Marten;
using Npgsql;

namespace Banking.Commands.Imports;

/// <summary>A row of a history that differs from the one imported under the same id.</summary>
/// <param name="Row">Its line is 0 if the bank has no content of the row any more.</param>
/// <param name="What">The difference, as a sentence whose subject is the row.</param>
public sealed record HistoryDifference(SourceRow Row, string What);

/// <summary>
/// Makes a stored event and the event of the history comparable, where they contain encrypted data or the time of the import.
/// </summary>
public delegate void Comparable(Guid stream, JsonObject stored, JsonObject given);

/// <summary>
/// Compares histories with what was imported under the same ids: rows, content and order must be equal. Later events of this bank and line
/// numbers are not compared, and neither is content that was deleted with its archive file.
/// </summary>
public sealed class HistoryComparison(
    IDocumentStore store, NpgsqlDataSource source, ArchivedEvents archive, EventVersions versions, SealedMembers texts)
{
    private const int StreamsAtOnce = 100;

    /// <summary>Returns the first difference, in the order of the files and their lines; null if the stored history is the same.</summary>
    public async Task<HistoryDifference?> FirstAsync(IReadOnlyList<HistoryStream> streams, Comparable comparable, CancellationToken ct)
    {
        var files = streams.SelectMany(s => s.Events).Select(e => e.Row.File).Distinct().ToList();
        var found = new List<HistoryDifference>();
        await using var session = store.LightweightSession();
        foreach (var page in streams.Chunk(StreamsAtOnce))
        {
            var stored = await StoredAsync(page, ct);
            found.AddRange(
                page.Where(s => stored.ContainsKey(s.Id))
                    .Select(s => Compare(s, stored[s.Id], session, comparable))
                    .OfType<HistoryDifference>());
        }

        return found.OrderBy(d => files.IndexOf(d.Row.File)).ThenBy(d => d.Row.Line).FirstOrDefault();
    }

    private HistoryDifference? Compare(HistoryStream stream, List<StoredFact> stored, IDocumentSession session, Comparable comparable)
    {
        var serializer = store.Options.Serializer();
        for (var i = 0; i < Math.Max(stream.Events.Count, stored.Count); i++)
        {
            var (given, there) = (stream.Events.ElementAtOrDefault(i), stored.ElementAtOrDefault(i));
            if (given?.Id != there?.Id)
            {
                return Misplaced(stream, stored, given, there);
            }

            if (there!.Data is not { } data)
            {
                continue;
            }

            var (storedType, storedFact) = Present(there.Type, data, serializer, session);
            var givenFact = (JsonObject)JsonNode.Parse(serializer.ToJson(given!.Data))!;
            comparable(stream.Id, storedFact, givenFact);
            var type = session.Events.BuildEvent(given.Data).EventTypeName;
            var what =
                type == storedType
                    // Opened, because a difference is shown.
                    ? FactComparison.Difference(texts.Open(storedFact), texts.Open(givenFact))
                    : $"is {storedType} in the bank and {type} in the files";
            if (what is not null)
            {
                return new(given.Row, what);
            }
        }

        return null;
    }

    /// <summary>The present type and data of a stored fact, which may be of an earlier version.</summary>
    private (string Type, JsonObject Data) Present(string type, string data, ISerializer serializer, IDocumentSession session)
    {
        if (versions.Earlier.FirstOrDefault(v => v.Name == type) is not { } version)
        {
            return (type, (JsonObject)JsonNode.Parse(data)!);
        }

        var present = version.Upcast(serializer.FromJson(version.Stored, new MemoryStream(Encoding.UTF8.GetBytes(data)))!);
        return (session.Events.BuildEvent(present).EventTypeName, (JsonObject)JsonNode.Parse(serializer.ToJson(present))!);
    }

    /// <summary>Of two rows at one place, reports the one that the other side lacks.</summary>
    private static HistoryDifference Misplaced(HistoryStream stream, List<StoredFact> stored, HistoryEvent? given, StoredFact? there)
    {
        if (there is not null && stream.Events.All(e => e.Id != there.Id))
        {
            return new(Row(there), $"is in the bank and not in the files ({there.Type})");
        }

        return given is not null && stored.TrueForAll(e => e.Id != given.Id)
            ? new(given.Row, "is in the files and not in the bank")
            : new(given?.Row ?? Row(there!), "has another position in the bank");
    }

    /// <summary>The source row of a stored fact. If its data was deleted, its key has all of the row but the line.</summary>
    private static SourceRow Row(StoredFact fact)
    {
        if (fact.Data is null)
        {
            var key = fact.Key.Split('/', 3);
            return new(key[0], key[1], 0, key[2]);
        }

        var row = JsonNode.Parse(fact.Data)!["source"]!;
        return new((string)row["system"]!, (string)row["file"]!, (int)row["line"]!, (string)row["id"]!);
    }

    private async Task<Dictionary<Guid, List<StoredFact>>> StoredAsync(HistoryStream[] streams, CancellationToken ct)
    {
        var facts = await source.ListAsync(
            $"select stream_id, id, type, data::text, is_archived, seq_id, version, headers ->> '{HeaderNames.IdempotencyKey}' "
                + $"from {SchemaNames.Events}.mt_events "
                + $"where stream_id = any($1) and headers ->> '{HeaderNames.Channel}' = '{Channels.Import}' order by stream_id, version",
            [Array.ConvertAll(streams, s => s.Id)],
            row => (
                Stream: row.GetGuid(0),
                Fact: new StoredFact(
                    row.GetGuid(1),
                    row.GetString(2),
                    archive.TextOf(
                        row.GetString(3),
                        row.GetBoolean(4),
                        new(row.GetInt64(5), row.GetGuid(1), row.GetGuid(0), row.GetInt64(6), row.GetString(2))),
                    row.GetString(7))),
            ct);
        return facts.GroupBy(f => f.Stream, f => f.Fact).ToDictionary(s => s.Key, s => s.ToList());
    }

    /// <param name="Data">Null if it was deleted with its archive file.</param>
    /// <param name="Key">The key of the source row.</param>
    private sealed record StoredFact(Guid Id, string Type, string? Data, string Key);
}
