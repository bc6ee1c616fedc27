using Banking.EventStore.Appending;
using Banking.EventStore.Callers;
using Banking.EventStore.Log;
using Banking.EventStore.Published;
using Banking.EventStore.Storage;
using Banking.EventStore.Streams;
using Marten;

namespace Banking.Publishing.Log;

/// <summary>Finds which versions of an account's stream are published, without reading the stream.</summary>
public sealed class PublishedVersions(IDocumentStore store, ReadModelConnections connections, PublicContracts contracts)
{
    /// <summary>The types that belong to an account's own stream: only these have a version that a reader can count.</summary>
    private readonly string[] _own = StoredEventTypes.Names(
        store, contracts.All.Where(c => c.About is null).Select(c => c.Stored));

    /// <summary>
    /// The types of carried states, as SQL literals: with parameters PostgreSQL could not use the partial index of these events.
    /// </summary>
    private readonly string _carried = string.Join(
        ", ",
        StoredEventTypes.Of(store)
            .Where(m => m.DocumentType.GetInterfaces().Any(i => i.IsGenericType && i.GetGenericTypeDefinition() == typeof(ICarriedState<>)))
            .Select(m => $"'{m.EventTypeName}'").DefaultIfEmpty("null"));

    /// <summary>
    /// Finds the first and the last published version of a stream up to a position, and counts the published ones. Between these two only
    /// carried states are not published; their partial index finds them.
    /// </summary>
    public async Task<(long? First, long? Last, long Events)> RangeAsync(Guid stream, long upTo, CancellationToken ct)
    {
        await using var connection = await connections.OpenAsync(ct);
        // "seq_id + 0" is an optimizer fence: an index on the position would scan the log up to it.
        return (await connection.ListAsync(
            $"select f.version, l.version, coalesce(l.version - f.version + 1 - (select count(*) from {SchemaNames.Events}.mt_events "
                + $"where stream_id = $1 and type in ({_carried}) and version between f.version and l.version), 0) "
                + $"from (select 1) one left join lateral ({Published("")}) f on true left join lateral ({Published("desc")}) l on true",
            [stream, upTo, _own],
            row => (row.GetOrDefault<long?>(0), row.GetOrDefault<long?>(1), row.GetInt64(2)),
            ct))[0];

        static string Published(string order) =>
            $"select version from {SchemaNames.Events}.mt_events where stream_id = $1 and seq_id + 0 <= $2 and type = any($3) "
                + $"and (headers ->> '{HeaderNames.Channel}') is distinct from '{Channels.Import}' order by version {order} limit 1";
    }
}
