using System.Collections.Frozen;
using Banking.EventStore.Appending;
using Banking.EventStore.Callers;
using Banking.EventStore.Log;
using Banking.EventStore.Storage;
using JasperFx.Events;

namespace Banking.Publishing.Log;

/// <summary>
/// Finds the version of the published event before another on the same stream. An imported event is not published, and the first event
/// after it is published without a predecessor; an event without a contract is skipped. Readers that follow the log have usually just seen
/// the predecessor, so it is seldom looked up in the database. What was seen in a former epoch is not used: after a restore another event
/// may have the same version.
/// </summary>
/// <param name="types">The stored types that are published under the version of their own stream.</param>
internal sealed class Predecessors(ReadModelConnections connections, IReadOnlyCollection<string> types)
{
    private const int MaxStreams = 100_000;

    private readonly BoundedCache<Guid, Seen> _last = new(MaxStreams);
    private readonly FrozenSet<string> _types = types.ToFrozenSet();

    private static readonly string Sql =
        "select f.stream, f.version, p.version "
        + $"from unnest($1, $2) as f(stream, version) cross join lateral ({Before("f.stream", "f.version", "$3")}) p "
        + $"where (p.headers ->> '{HeaderNames.Channel}') is distinct from '{Channels.Import}'";

    /// <summary>SQL for version and headers of the last event of published types before a version of a stream.</summary>
    public static string Before(string stream, string version, string types) =>
        $"select version, headers from {SchemaNames.Events}.mt_events "
        + $"where stream_id = {stream} and version < {version} and type = any({types}) order by version desc limit 1";

    /// <exception cref="UnreadableEventException">The event does not state its channel: publishing it could publish history, and skipping
    /// it could lose news.</exception>
    public static bool IsImported(IEvent e) =>
        IsOfUnknownChannel(e) ? throw UnknownChannel(e) : e.Header(HeaderNames.Channel) == Channels.Import;

    public static bool IsOfUnknownChannel(IEvent e) => e.Header(HeaderNames.Channel) == StoredEvents.UnknownChannel;

    public static UnreadableEventException UnknownChannel(IEvent e) =>
        new(e, new InvalidOperationException($"The event has no header {HeaderNames.Channel}."));

    /// <summary>The version of the published predecessor of each event, by the event's id; absent for an event without one.</summary>
    /// <param name="page">A run of the log without gaps.</param>
    /// <param name="wanted">The events of the page whose predecessor is needed.</param>
    /// <param name="epoch">The epoch of the log that the page was read from.</param>
    public async Task<IReadOnlyDictionary<Guid, long>> FindAsync(
        IReadOnlyList<IEvent> page, IReadOnlyList<IEvent> wanted, string epoch, CancellationToken ct)
    {
        var ids = wanted.Select(e => e.Id).ToHashSet();
        var (found, unknown, within) = (new Dictionary<Guid, long>(), new List<IEvent>(), new Dictionary<Guid, Seen>());
        foreach (var e in page)
        {
            var isSeen = within.TryGetValue(e.StreamId, out var here) || (_last.TryGet(e.StreamId, out here) && here.Epoch == epoch);
            var before = isSeen ? here : default;
            var isKnown = e.Version == 1 || (before.Version == e.Version - 1 && before.IsKnown);
            if (ids.Contains(e.Id) && e.Version > 1)
            {
                if (!isKnown)
                {
                    unknown.Add(e);
                }
                else if (before.Published is { } version)
                {
                    found[e.Id] = version;
                }
            }

            within[e.StreamId] = UnreadableEvent.FailureOf(e) is not null ? new(e.Version, false, null, epoch)
                : _types.Contains(e.EventTypeName)
                ? new(e.Version, true, !IsOfUnknownChannel(e) && IsImported(e) ? null : e.Version, epoch)
                : new(e.Version, isKnown, e.Version == 1 ? null : before.Published, epoch);
        }

        foreach (var (id, version) in unknown.Count > 0 ? await FindAsync(unknown, ct) : [])
        {
            found[id] = version;
        }

        foreach (var (stream, seen) in within)
        {
            _last.Set(stream, seen);
        }

        return found;
    }

    private async Task<IEnumerable<(Guid Id, long Version)>> FindAsync(List<IEvent> unknown, CancellationToken ct)
    {
        await using var connection = await connections.OpenAsync(ct);
        var versions = (await connection.ListAsync(
            Sql,
            [unknown.Select(e => e.StreamId).ToArray(), unknown.Select(e => e.Version).ToArray(), types.ToArray()],
            row => KeyValuePair.Create((row.GetGuid(0), row.GetInt64(1)), row.GetInt64(2)),
            ct)).ToDictionary();
        return unknown.Where(e => versions.ContainsKey((e.StreamId, e.Version))).Select(e => (e.Id, versions[(e.StreamId, e.Version)]));
    }

    /// <param name="IsKnown">Whether the last published version is known.</param>
    /// <param name="Published">The last published version up to this one; null if there is none, or an imported event follows it.</param>
    private readonly record struct Seen(long Version, bool IsKnown, long? Published, string Epoch);
}
