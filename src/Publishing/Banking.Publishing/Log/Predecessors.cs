using System.Collections.Concurrent;
using Banking.EventStore.Appending;
using Banking.EventStore.Callers;
using Banking.EventStore.Log;
using Banking.EventStore.Storage;
using JasperFx.Events;

namespace Banking.Publishing.Log;

/// <summary>
/// Finds events whose predecessor was imported: they are published without a predecessor. Readers that follow the log have usually just
/// seen an event's predecessor, so it is seldom looked up in the database.
/// </summary>
internal sealed class Predecessors(ReadModelConnections connections)
{
    /// <summary>Number of cached streams; when it is exceeded the cache is cleared.</summary>
    private const int MaxStreams = 100_000;

    private readonly ConcurrentDictionary<Guid, Seen> _last = new();

    private const string Sql =
        "select f.stream from unnest($1, $2) as f(stream, version) "
        + $"join {SchemaNames.Events}.mt_events e on e.stream_id = f.stream and e.version = f.version "
        + $"where (e.headers ->> '{HeaderNames.Channel}') = '{Channels.Import}'";

    /// <exception cref="UnreadableEventException">The event does not state its channel: publishing it could publish history, and skipping
    /// it could lose news.</exception>
    public static bool IsImported(IEvent e) =>
        IsOfUnknownChannel(e) ? throw UnknownChannel(e) : e.Header(HeaderNames.Channel) == Channels.Import;

    public static bool IsOfUnknownChannel(IEvent e) => e.Header(HeaderNames.Channel) == StoredEvents.UnknownChannel;

    public static UnreadableEventException UnknownChannel(IEvent e) =>
        new(e, new InvalidOperationException($"The event has no header {HeaderNames.Channel}."));

    /// <summary>The ids of the events whose predecessor on their stream was imported.</summary>
    /// <param name="page">A run of the log without gaps.</param>
    /// <param name="toCheck">The events of the page to check.</param>
    public async Task<HashSet<Guid>> AreImportedAsync(IReadOnlyList<IEvent> page, IReadOnlyList<IEvent> toCheck, CancellationToken ct)
    {
        var wanted = toCheck.Select(e => e.Id).ToHashSet();
        var (imported, unknown, within) = (new HashSet<Guid>(), new List<IEvent>(), new Dictionary<Guid, Seen>());
        foreach (var e in page)
        {
            if (e.Version > 1 && wanted.Contains(e.Id))
            {
                var before = within.TryGetValue(e.StreamId, out var here) ? here : _last.GetValueOrDefault(e.StreamId);
                if (before.Version != e.Version - 1)
                {
                    unknown.Add(e);
                }
                else if (before.Imported)
                {
                    imported.Add(e.Id);
                }
            }

            within[e.StreamId] = new(e.Version, !IsOfUnknownChannel(e) && IsImported(e));
        }

        if (unknown.Count > 0)
        {
            imported.UnionWith(await FindImportedAsync(unknown, ct));
        }

        if (_last.Count > MaxStreams)
        {
            _last.Clear();
        }

        foreach (var (stream, seen) in within)
        {
            _last[stream] = seen;
        }

        return imported;
    }

    private async Task<IEnumerable<Guid>> FindImportedAsync(List<IEvent> unknown, CancellationToken ct)
    {
        await using var connection = await connections.OpenAsync(ct);
        var streams = (await connection.ListAsync(
            Sql,
            [unknown.Select(e => e.StreamId).ToArray(), unknown.Select(e => e.Version - 1).ToArray()],
            row => row.GetGuid(0),
            ct)).ToHashSet();
        return unknown.Where(e => streams.Contains(e.StreamId)).Select(e => e.Id);
    }

    private readonly record struct Seen(long Version, bool Imported);
}
