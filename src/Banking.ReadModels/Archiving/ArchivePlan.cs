using Banking.EventStore.Archive;
using Banking.EventStore.Log;
using Banking.EventStore.Storage;
using Marten;
using Npgsql;

namespace Banking.ReadModels.Archiving;

/// <summary>Finds what may be archived, and how it is divided among files.</summary>
public sealed class ArchivePlan(IEnumerable<ArchivableStream> kinds, IEnumerable<LogFollower> followers, IDocumentStore store)
{
    /// <summary>
    /// The streams that ended before an instant, from the first version that is in no file yet. The last event decides: all others are
    /// older.
    /// </summary>
    private const string Ended =
        $"""
        select s.id, coalesce(a.last, 0) + 1, s.version
        from {SchemaNames.Streams} s
        join {SchemaNames.Events}.mt_events e on e.stream_id = s.id and e.version = s.version and not e.is_archived
        cross join lateral (select max(last_version) as last from {ArchiveManifest.PartTable} p where p.stream = s.id) a
        where s.type = $1 and not s.is_archived and e.type = any($2) and e.timestamp < $3 and e.seq_id <= $4
            and s.version > coalesce(a.last, 0)
        order by e.seq_id
        """;

    /// <summary>
    /// The parts of streams before the last event that carries their state. Recorded times do not fall within a stream, so the events of a
    /// part are older than that event.
    /// </summary>
    private const string Carried =
        $"""
        select s.id, coalesce(a.last, 0) + 1, c.version - 1
        from (select e.stream_id, max(e.version) as version from {SchemaNames.Events}.mt_events e
            where e.type = any($2) and e.timestamp < $3 and e.seq_id <= $4 and not e.is_archived group by 1) c
        join {SchemaNames.Streams} s on s.id = c.stream_id
        cross join lateral (select max(last_version) as last from {ArchiveManifest.PartTable} p where p.stream = s.id) a
        where s.type = $1 and not s.is_archived and c.version - 1 > coalesce(a.last, 0)
        order by c.stream_id
        """;

    /// <summary>The position that every follower of the log has passed, and the follower that is behind the others.</summary>
    public async Task<(long Position, string Follower)> PassedAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        var lowest = (Position: long.MaxValue, Follower: "");
        foreach (var follower in followers)
        {
            if (await connection.ScalarAsync<long?>(follower.Sql, [], ct) is { } position && position < lowest.Position)
            {
                lowest = (position, follower.Name);
            }
        }

        return lowest;
    }

    /// <summary>The parts of streams that may be archived.</summary>
    /// <param name="before">All events of a part were recorded before this instant.</param>
    public async Task<IReadOnlyList<StreamPart>> PartsAsync(NpgsqlConnection connection, DateTimeOffset before, CancellationToken ct)
    {
        var (passed, _) = await PassedAsync(connection, ct);
        var parts = new List<StreamPart>();
        foreach (var kind in kinds)
        {
            // An end of an earlier version is an end too. A fold cannot start at a carried state of an earlier version (ADR 0077).
            var ended = await ListAsync(Ended, kind, kind.EndTypes.SelectMany(name => StoredEventTypes.Versions(store, name)));
            var carried = await ListAsync(Carried, kind, kind.CarryTypes);
            parts.AddRange([.. ended, .. carried.ExceptBy(ended.Select(p => p.Stream), p => p.Stream)]);
        }

        return parts;

        Task<IReadOnlyList<StreamPart>> ListAsync(string sql, ArchivableStream kind, IEnumerable<string> types) =>
            connection.ListAsync(
                sql,
                [kind.StreamType, types.ToArray(), before.UtcDateTime, passed],
                row => new StreamPart(row.GetGuid(0), row.GetInt64(1), row.GetInt64(2)),
                ct,
                timeoutSeconds: 0);
    }

    /// <summary>Divides parts among files. A part that is larger than a file is cut.</summary>
    public static IEnumerable<IReadOnlyList<StreamPart>> Divide(IEnumerable<StreamPart> parts, long maxEvents)
    {
        var (file, events) = (new List<StreamPart>(), 0L);
        foreach (var piece in parts.SelectMany(p => Cut(p, maxEvents)))
        {
            if (events + piece.Events > maxEvents && file.Count > 0)
            {
                yield return file;
                (file, events) = ([], 0);
            }

            file.Add(piece);
            events += piece.Events;
        }

        if (file.Count > 0)
        {
            yield return file;
        }
    }

    private static IEnumerable<StreamPart> Cut(StreamPart part, long maxEvents)
    {
        for (var first = part.FirstVersion; first <= part.LastVersion; first += maxEvents)
        {
            yield return part with { FirstVersion = first, LastVersion = Math.Min(part.LastVersion, first + maxEvents - 1) };
        }
    }
}
