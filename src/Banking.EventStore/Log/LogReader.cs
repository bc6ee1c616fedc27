using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Banking.EventStore.Archive;
using Banking.EventStore.Storage;
using JasperFx.Events;
using Marten;
using Npgsql;

namespace Banking.EventStore.Log;

/// <summary>Reads the log in the order of positions, as far as it is complete.</summary>
public sealed class LogReader(IDocumentStore store, ReadModelConnections connections, ArchivedEvents archive)
{
    private const int PageSize = 2_000;

    private const string ByPosition = "seq_id";
    private const string ByStream = "stream_id, version";

    private readonly StoredEvents _events = new(store, archive);

    /// <summary>Types that this version of the bank does not know, and that it has met in the log.</summary>
    private readonly ConcurrentDictionary<string, bool> _unknownTypes = new();

    /// <summary>
    /// The number of types that this host has met and does not know. While it rises, hosts of a later version do better what one host does
    /// for all (<see cref="Leader"/>).
    /// </summary>
    public int UnknownTypes => _unknownTypes.Count;

    /// <summary>
    /// Returns the events after one position up to another, oldest first. The query is limited to this range of positions, so that no plan
    /// reads more. If an event cannot be read, the page ends before it.
    /// </summary>
    /// <exception cref="UnreadableEventException">The first event cannot be read.</exception>
    /// <param name="imported">Whether the events get the information that they were imported.</param>
    /// <param name="over">The connection of a transaction that reads them; null for one of its own.</param>
    public async Task<LogPage> ReadAsync(
        long after, long upTo, CancellationToken ct, bool imported = false, NpgsqlConnection? over = null)
    {
        var (events, unreadable) = await ReadEventsAsync(over, "seq_id > $1 and seq_id <= $2", ByPosition, imported, ct, after, upTo);
        return unreadable is null ? new(events, upTo)
            : events.Count > 0 ? new(events, events[^1].Sequence)
            : throw unreadable;
    }

    /// <summary>
    /// Returns all events after one position up to another, oldest first, with the information that they were imported. An event that
    /// cannot be read is there as an <see cref="UnreadableEvent"/>.
    /// </summary>
    public async Task<LogPage> ReadAllAsync(long after, long upTo, CancellationToken ct)
    {
        await using var connection = await connections.OpenAsync(ct);
        var events = await connection.ListAsync(
            StoredEvents.Select("seq_id > $1 and seq_id <= $2", imported: true, ByPosition),
            [after, upTo],
            row => _events.ReadOrStandIn(row, imported: true),
            ct);
        foreach (var e in events)
        {
            if (UnreadableEvent.FailureOf(e) is { } failure)
            {
                Note(failure);
            }
        }

        return new(events, upTo);
    }

    /// <summary>Returns the last position before the next event in the range, or the end of the range if it has no event.</summary>
    public async Task<long> SkipGapAsync(long after, long upTo, CancellationToken ct)
    {
        await using var connection = await connections.OpenAsync(ct);
        return await connection.ScalarAsync<long?>(
            $"select seq_id - 1 from {SchemaNames.Events}.mt_events where seq_id > $1 and seq_id <= $2 order by seq_id limit 1",
            [after, upTo],
            ct) ?? upTo;
    }

    /// <summary>Returns all events of these streams up to a position, as a transaction sees them, by stream, oldest first.</summary>
    /// <exception cref="UnreadableEventException">An event cannot be read.</exception>
    public async Task<IReadOnlyDictionary<Guid, IReadOnlyList<IEvent>>> ReadStreamsAsync(
        NpgsqlConnection snapshot, IReadOnlyList<Guid> streams, long upTo, CancellationToken ct)
    {
        var (events, unreadable) = await ReadEventsAsync(
            snapshot, $"stream_id = any($1) and {UpTo("$2")}", ByStream, imported: false, ct, streams.ToArray(), upTo);
        return unreadable is null
            ? events.GroupBy(e => e.StreamId).ToDictionary(s => s.Key, s => (IReadOnlyList<IEvent>)[.. s])
            : throw unreadable;
    }

    /// <summary>Returns the events of some types in these streams up to a position, as a transaction sees them, by position.</summary>
    /// <exception cref="UnreadableEventException">An event cannot be read.</exception>
    public async Task<IReadOnlyList<IEvent>> ReadTypesAsync(
        NpgsqlConnection snapshot, IReadOnlyList<Guid> streams, IEnumerable<string> types, long upTo, CancellationToken ct)
    {
        var (events, unreadable) = await ReadEventsAsync(
            snapshot,
            $"stream_id = any($1) and type = any($2) and {UpTo("$3")}",
            ByStream,
            imported: false,
            ct,
            streams.ToArray(),
            types.ToArray(),
            upTo);
        return unreadable is null ? [.. events.OrderBy(e => e.Sequence)] : throw unreadable;
    }

    /// <summary>
    /// Returns all events of these streams as a transaction sees them, by stream, oldest first. A stream with an unreadable event ends
    /// before it.
    /// </summary>
    /// <returns>The events, and the first unreadable event of each stream that has one.</returns>
    public async Task<(
        IReadOnlyDictionary<Guid, IReadOnlyList<IEvent>> Events,
        IReadOnlyDictionary<Guid, UnreadableEventException> Unreadable
    )> ReadStreamsAsync(NpgsqlConnection snapshot, IReadOnlyList<Guid> streams, CancellationToken ct)
    {
        var unreadable = new Dictionary<Guid, UnreadableEventException>();
        var events = await snapshot.ListAsync(
            StoredEvents.Select("stream_id = any($1)", order: ByStream),
            [streams.ToArray()],
            Read,
            ct,
            timeoutSeconds: 0);
        return (events.OfType<IEvent>().GroupBy(e => e.StreamId).ToDictionary(s => s.Key, s => (IReadOnlyList<IEvent>)[.. s]), unreadable);

        IEvent? Read(NpgsqlDataReader row)
        {
            // Column 2 of StoredEvents.Select is the stream.
            var stream = row.GetGuid(2);
            try
            {
                return unreadable.ContainsKey(stream) ? null : _events.Read(row);
            }
            catch (UnreadableEventException failure)
            {
                Note(failure);
                unreadable[stream] = failure;
                return null;
            }
        }
    }

    /// <summary>Returns the events of one stream up to a position, oldest first, in pages. Only one page is in memory at a time.</summary>
    /// <param name="from">The first version.</param>
    /// <exception cref="UnreadableEventException">An event cannot be read.</exception>
    public IAsyncEnumerable<IReadOnlyList<IEvent>> ReadStreamAsync(Guid stream, long upTo, CancellationToken ct, long from = 1) =>
        ReadStreamAsync(null, stream, upTo, ct, from);

    /// <summary>Returns the events of one stream up to a position, oldest first, in pages.</summary>
    /// <param name="over">
    /// A connection with a transaction. Who has one must not read over a second connection: that could wait for a migration which waits
    /// for the transaction.
    /// </param>
    /// <param name="from">The first version.</param>
    /// <exception cref="UnreadableEventException">An event cannot be read.</exception>
    public async IAsyncEnumerable<IReadOnlyList<IEvent>> ReadStreamAsync(
        NpgsqlConnection? over, Guid stream, long upTo, [EnumeratorCancellation] CancellationToken ct, long from = 1)
    {
        for (var after = from - 1; ; after += PageSize)
        {
            var (events, unreadable) = await ReadEventsAsync(
                over,
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
    /// Condition on the position of events that are found by their stream. The expression prevents the use of the position's index, which
    /// would scan the whole log up to there.
    /// </summary>
    private static string UpTo(string position) => $"seq_id + 0 <= {position}";

    private async Task<(List<IEvent> Events, UnreadableEventException? Unreadable)> ReadEventsAsync(
        NpgsqlConnection? over, string condition, string order, bool imported, CancellationToken ct, params object[] values)
    {
        await using var opened = over is null ? await connections.OpenAsync(ct) : null;
        await using var command = new NpgsqlCommand(StoredEvents.Select(condition, imported, order), over ?? opened);
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
                Note(unreadable);
                return (events, unreadable);
            }
        }

        return (events, null);
    }

    private void Note(UnreadableEventException failure)
    {
        if (failure.IsOfUnknownType)
        {
            _unknownTypes.TryAdd(failure.Type, true);
        }
    }
}
