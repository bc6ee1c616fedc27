using System.Runtime.CompilerServices;
using Banking.EventStore.Storage;
using JasperFx.Events;
using Marten;
using Npgsql;

namespace Banking.EventStore.Log;

/// <summary>Reads the log in its order, as far as it is complete.</summary>
public sealed class LogReader(IDocumentStore store, ReadModelConnections connections)
{
    private const int PageSize = 2_000;

    private const string ByPosition = "seq_id";
    private const string ByStream = "stream_id, version";

    private readonly string _schema = store.Options.Events.DatabaseSchemaName;
    private readonly StoredEvents _events = new(store);

    /// <summary>
    /// The events after a position up to another, oldest first: a range of positions, so that no plan can ever read more than that. Where
    /// one cannot be read, the page ends before it.
    /// </summary>
    /// <exception cref="UnreadableEventException">The first of them cannot be read.</exception>
    /// <param name="imported">Whether the events are to know if they were imported.</param>
    public async Task<LogPage> ReadAsync(long after, long upTo, CancellationToken ct, bool imported = false)
    {
        var (events, unreadable) = await EventsAsync("seq_id > $1 and seq_id <= $2", ByPosition, imported, ct, after, upTo);
        return unreadable is null ? new(events, upTo)
            : events.Count > 0 ? new(events, events[^1].Sequence)
            : throw unreadable;
    }

    /// <summary>The last position before the next event after a position, or the last one to go to where there is none before it.</summary>
    public async Task<long> PassAsync(long after, long upTo, CancellationToken ct)
    {
        await using var connection = await connections.OpenAsync(ct);
        await using var command = new NpgsqlCommand(
            $"select seq_id from {_schema}.mt_events where seq_id > $1 and seq_id <= $2 order by seq_id limit 1", connection);
        command.Parameters.Add(new() { Value = after });
        command.Parameters.Add(new() { Value = upTo });
        return await command.ExecuteScalarAsync(ct) is long next ? next - 1 : upTo;
    }

    /// <summary>The events of whole streams up to a position, by stream, oldest first.</summary>
    /// <exception cref="UnreadableEventException">One of them cannot be read.</exception>
    public async Task<IReadOnlyDictionary<Guid, IReadOnlyList<IEvent>>> ReadStreamsAsync(
        IReadOnlyList<Guid> streams, long upTo, CancellationToken ct)
    {
        var (events, unreadable) = await EventsAsync(
            $"stream_id = any($1) and {UpTo("$2")}", ByStream, imported: false, ct, streams.ToArray(), upTo);
        return unreadable is null
            ? events.GroupBy(e => e.StreamId).ToDictionary(s => s.Key, s => (IReadOnlyList<IEvent>)[.. s])
            : throw unreadable;
    }

    /// <summary>
    /// The events of whole streams as a transaction sees them, by stream, oldest first. Of a stream with an event that cannot be read, only
    /// the events before it.
    /// </summary>
    /// <returns>Besides the events, the first event of each such stream that cannot be read.</returns>
    public async Task<(
        IReadOnlyDictionary<Guid, IReadOnlyList<IEvent>> Events,
        IReadOnlyDictionary<Guid, UnreadableEventException> Unreadable
    )> ReadStreamsAsync(NpgsqlConnection snapshot, IReadOnlyList<Guid> streams, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(StoredEvents.Select(_schema, "stream_id = any($1)", order: ByStream), snapshot)
        {
            CommandTimeout = 0,
        };
        command.Parameters.Add(new() { Value = streams.ToArray() });
        await using var reader = await command.ExecuteReaderAsync(ct);
        var (events, unreadable) = (new List<IEvent>(), new Dictionary<Guid, UnreadableEventException>());
        while (await reader.ReadAsync(ct))
        {
            // Column 2 of StoredEvents.Select is the stream.
            if (unreadable.ContainsKey(reader.GetGuid(2)))
            {
                continue;
            }

            try
            {
                events.Add(_events.Read(reader));
            }
            catch (UnreadableEventException failure)
            {
                unreadable[reader.GetGuid(2)] = failure;
            }
        }

        return (events.GroupBy(e => e.StreamId).ToDictionary(s => s.Key, s => (IReadOnlyList<IEvent>)[.. s]), unreadable);
    }

    /// <summary>
    /// The events of one stream up to a position, oldest first, a page at a time: however long it is, no more than that is held at once.
    /// </summary>
    /// <exception cref="UnreadableEventException">One of them cannot be read.</exception>
    public async IAsyncEnumerable<IReadOnlyList<IEvent>> ReadStreamAsync(
        Guid stream, long upTo, [EnumeratorCancellation] CancellationToken ct)
    {
        for (var after = 0L; ; after += PageSize)
        {
            var (events, unreadable) = await EventsAsync(
                $"stream_id = $1 and version > $2 and version <= $3 and {UpTo("$4")}",
                ByStream,
                imported: false,
                ct,
                stream,
                after,
                after + PageSize,
                upTo);
            if (unreadable is not null)
            {
                throw unreadable;
            }

            if (events.Count == 0)
            {
                yield break;
            }

            yield return events;
        }
    }

    /// <summary>
    /// Of events that are found by their stream: in a form that no index answers, which would be one over all the log up to there.
    /// </summary>
    private static string UpTo(string position) => $"seq_id + 0 <= {position}";

    private async Task<(List<IEvent> Events, UnreadableEventException? Unreadable)> EventsAsync(
        string condition, string order, bool imported, CancellationToken ct, params object[] values)
    {
        await using var connection = await connections.OpenAsync(ct);
        await using var command = new NpgsqlCommand(StoredEvents.Select(_schema, condition, imported, order), connection);
        foreach (var value in values)
        {
            command.Parameters.Add(new() { Value = value });
        }

        await using var reader = await command.ExecuteReaderAsync(ct);
        var events = new List<IEvent>();
        while (await reader.ReadAsync(ct))
        {
            try
            {
                events.Add(_events.Read(reader, imported));
            }
            catch (UnreadableEventException unreadable)
            {
                return (events, unreadable);
            }
        }

        return (events, null);
    }
}
