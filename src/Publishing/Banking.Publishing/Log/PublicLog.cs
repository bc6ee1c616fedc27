using Banking.Commands;
using Banking.EventStore.Appending;
using Banking.EventStore.Archive;
using Banking.EventStore.Callers;
using Banking.EventStore.Epochs;
using Banking.EventStore.Log;
using Banking.EventStore.Published;
using Banking.EventStore.Storage;
using Banking.SharedKernel;
using JasperFx.Events;
using Marten;

namespace Banking.Publishing.Log;

/// <summary>
/// The published events: stored events that have a contract, in the order of the log, up to the high-water mark. Imported events are not
/// published, and the first event after them has no published predecessor.
/// </summary>
public sealed class PublicLog : IDisposable
{
    /// <summary>
    /// Number of positions that are cached: each event is read, made and serialized once for all destinations and feeds of a host.
    /// </summary>
    internal const int MaxPositions = 5_000;

    /// <summary>The largest number of positions in one page.</summary>
    public const int PageSize = 1_000;

    /// <summary>
    /// The largest number of pages read for one answer, so that a run of unpublished events, such as a million imported ones, does not
    /// delay the answer.
    /// </summary>
    private const int MaxPages = 20;

    private readonly ReadModelConnections _connections;
    private readonly EventCache _cache;
    private readonly HighWaterMark _highWaterMark;
    private readonly LogEpochs _epochs;
    private readonly PublicContracts _contracts;
    private readonly PublicationSettings _settings;
    private readonly StoredEvents _events;
    private readonly Predecessors _predecessors;
    private readonly UnreadablePublicEvents _unreadable;
    private readonly LogWindow<PublicEvent> _newest;
    private readonly string[] _types;
    private readonly string[] _known;

    /// <summary>The types that belong to an account's own stream: only these have a version that a reader can count.</summary>
    private readonly string[] _own;

    public PublicLog(
        IDocumentStore store,
        ReadModelConnections connections,
        EventCache cache,
        HighWaterMark highWaterMark,
        LogEpochs epochs,
        PublicContracts contracts,
        IEnumerable<PublicStream> streams,
        PublicationSettings settings,
        ArchivedEvents archive)
    {
        (_connections, _cache, _highWaterMark, _epochs, _contracts, _settings) =
            (connections, cache, highWaterMark, epochs, contracts, settings);
        _types = Names(store, contracts.All);
        _own = Names(store, contracts.All.Where(c => c.About is null));
        (_events, _predecessors, _newest) = (new(store, archive), new(connections, _own), new(e => e.Position, MaxPositions, ReadAsync));
        _unreadable = new(store, connections, contracts, streams);
        _known = [.. StoredEventTypes.Of(store).Select(t => t.EventTypeName)];
    }

    /// <summary>Reads the page after a position; its end is that position if there are no more events yet.</summary>
    public async Task<PublicPage> ReadAsync(long after, CancellationToken ct)
    {
        if (_highWaterMark.Server is not { } server)
        {
            // The high-water mark is unknown, and cached pages may belong to another log.
            return new([], after);
        }

        // The last known high-water mark: a fresh look for each page would read a page for each commit.
        var end = Math.Min(_highWaterMark.Complete, after + PageSize);
        if (end <= after)
        {
            return new([], after);
        }

        var (events, reached) = await _newest.ReadAsync(after, end, server, ct);
        return new(events, reached) { Log = server };
    }

    public void Dispose() => _newest.Dispose();

    private async Task<(IReadOnlyList<PublicEvent> Events, long End)> ReadAsync(long after, long upTo, string? log, CancellationToken ct)
    {
        var read = await _cache.ReadAllAsync(after, upTo, ct, log);
        return (await MapAsync(read.Events, HighWaterMark.EpochOf(log!), ct), read.End);
    }

    /// <summary>
    /// Reads the next events after a position, up to the limit. There may be fewer, or none, before the end of the page if such events are
    /// far apart. The page ends before an event that the filter may take and that cannot be read: passed now, it would be lost to a reader
    /// of whom the bank knows the position only.
    /// </summary>
    /// <exception cref="UnreadableEventException">Such an event is the next of the log.</exception>
    public async Task<PublicPage> TakeAsync(long after, int limit, CancellationToken ct, EventFilter? filter = null)
    {
        var (events, start) = (new List<PublicEvent>(), after);
        for (var pages = 0; pages < MaxPages; pages++)
        {
            var page = await ReadAsync(after, ct);
            if (page.End == after)
            {
                return new(events, after);
            }

            var room = limit - events.Count;
            var taken = filter is null ? page.Events : [.. page.Events.Where(filter.Takes)];
            var unreadable = taken.FirstOrDefault(e => e.Unreadable is not null);
            if (unreadable is not null && await IsRepairedAsync(unreadable, ct))
            {
                continue;
            }

            taken = unreadable is null ? taken : [.. taken.TakeWhile(e => e.Unreadable is null)];
            if (taken.Count > room)
            {
                events.AddRange(taken.Take(room));
                return new(events, room == 0 ? after : events[^1].Position);
            }

            events.AddRange(taken);
            if (unreadable is not null)
            {
                // The caller gets what is before the unreadable event now, and the error with the next call.
                return unreadable.Position - 1 > start ? new(events, unreadable.Position - 1) : throw page.FailureAt(unreadable, filter);
            }

            after = page.End;
        }

        return new(events, after);
    }

    /// <summary>Throws if the next event that the filter may take cannot be read.</summary>
    /// <exception cref="UnreadableEventException">It cannot.</exception>
    public async Task CheckNextAsync(long after, EventFilter filter, CancellationToken ct)
    {
        var page = await ReadAsync(after, ct);
        if (page.Events.FirstOrDefault(filter.Takes) is { Unreadable: not null } e && !await IsRepairedAsync(e, ct))
        {
            throw page.FailureAt(e, filter);
        }
    }

    /// <summary>Whether an event of a cached page that could not be read can be read now. Then the cached pages are dropped.</summary>
    private async Task<bool> IsRepairedAsync(PublicEvent e, CancellationToken ct)
    {
        var read = await QueryAsync("e.seq_id = $2", [e.Position], null, ct);
        if (read.Events.Any(now => now.Unreadable is not null))
        {
            return false;
        }

        await _cache.ForgetAsync(ct);
        await _newest.ForgetAsync(ct);
        return true;
    }

    /// <summary>
    /// Reads the published events of one account, including its refusals, from one position to another, both included, oldest first. The
    /// limit counts stored events, of which not all are published: only the end of the page shows whether there may be more.
    /// </summary>
    public async Task<PublicPage> OfAccountAsync(Guid account, long from, long upTo, int limit, CancellationToken ct)
    {
        // A refusal is a stream of its own, and its document names the account's stream.
        var page = await QueryAsync(
            "e.stream_id = any(array("
                + $"select $2 union all select id from {CommandsModule.RefusalTable} d where (d.data ->> 'streamId')::uuid = $2)) "
                + "and e.seq_id >= $3 and e.seq_id <= $4",
            [account, from, upTo],
            limit,
            ct);
        return new(page.Events, page.Read < limit ? upTo : page.End);
    }

    /// <summary>Finds a published event by its id; null if it is not published.</summary>
    /// <exception cref="UnreadableEventException">The event cannot be read.</exception>
    public async Task<PublicEvent?> FindAsync(Guid id, CancellationToken ct) =>
        (await QueryAsync("e.id = $2", [id], null, ct)).Events is [var e, ..] ? e.Unreadable is null ? e : throw e.Unreadable : null;

    /// <summary>
    /// Runs a query. Returns the published events, the number of stored events read for them, and the position of the last of these.
    /// </summary>
    private async Task<(IReadOnlyList<PublicEvent> Events, int Read, long End)> QueryAsync(
        string condition, object?[] values, int? limit, CancellationToken ct)
    {
        // Read before the events: an event of a former epoch must never seem to be of a later one.
        var epoch = _epochs.History.Current.Name;
        await using var connection = await _connections.OpenAsync(ct);
        var rows = await connection.ListAsync(
            "select e.data, e.id, e.stream_id, e.version, e.type, e.timestamp, e.user_name, e.correlation_id, e.seq_id, e.is_archived, "
                + $"{StoredEvents.IsImported("e")}, {StoredEvents.IsImported("p")}, p.version "
                + $"from {SchemaNames.Events}.mt_events e "
                + $"left join lateral ({Predecessors.Before("e.stream_id", "e.version", $"${values.Length + 2}")}) p on true "
                + $"where (e.type = any($1) or e.type <> all(${values.Length + 3})) and {condition} "
                + $"and (e.headers ->> '{HeaderNames.Channel}') is distinct from '{Channels.Import}' order by e.seq_id"
                + (limit is null ? "" : $" limit {limit}"),
            [_types, .. values, _own, _known],
            row => (
                Event: _events.ReadOrStandIn(row, imported: true),
                Previous: row.GetOrDefault<bool>(11) ? null : row.GetOrDefault<long?>(12)),
            ct);
        var previous = rows.Where(r => r.Previous is not null).ToDictionary(r => r.Event.Id, r => r.Previous!.Value);
        return (
            await MapAsync(
                [.. rows.Select(r => r.Event)], epoch, _ => Task.FromResult<IReadOnlyDictionary<Guid, long>>(previous), ct),
            rows.Count,
            rows.Count == 0 ? 0 : rows[^1].Event.Sequence);
    }

    private Task<IReadOnlyList<PublicEvent>> MapAsync(IReadOnlyList<IEvent> events, string epoch, CancellationToken ct) => MapAsync(
        events, epoch, published => _predecessors.FindAsync(
            events, [.. published.Where(e => _contracts.Find(e.EventType)!.About is null)], ct), ct);

    private async Task<IReadOnlyList<PublicEvent>> MapAsync(
        IReadOnlyList<IEvent> events, string epoch, Func<IReadOnlyList<IEvent>, Task<IReadOnlyDictionary<Guid, long>>> findPrevious,
        CancellationToken ct)
    {
        var (published, unreadable) = (new List<IEvent>(events.Count), new List<IEvent>());
        foreach (var e in events)
        {
            var canBeRead = UnreadableEvent.FailureOf(e) is null;
            if (canBeRead && _contracts.Find(e.EventType) is null)
            {
                continue;
            }

            // Without its channel an event may be history or news. History is not published, whether it can be read or not.
            if (Predecessors.IsOfUnknownChannel(e))
            {
                unreadable.Add(e);
            }
            else if (!Predecessors.IsImported(e))
            {
                (canBeRead ? published : unreadable).Add(e);
            }
        }

        var previous = await findPrevious(published);
        var mapped = published.Select(e => Map(e, epoch, previous.TryGetValue(e.Id, out var version) ? version : null))
            .OfType<PublicEvent>();
        return unreadable.Count == 0
            ? [.. mapped]
            : [.. mapped.Concat(await _unreadable.OfAsync(unreadable, epoch, ct)).OrderBy(e => e.Position)];
    }

    private PublicEvent? Map(IEvent e, string epoch, long? previous)
    {
        var contract = _contracts.Find(e.EventType)!;
        if (contract.ToData(e) is not { } data)
        {
            return null;
        }

        var about = contract.About?.Invoke(e);
        return new(
            PublicId.Format("evt", e.Id),
            contract.Type,
            about ?? e.StreamId,
            PublicId.Format(contract.Prefix, about ?? e.StreamId),
            e.Timestamp,
            about is null ? e.Version : null,
            about is null ? previous : null,
            e.Sequence,
            data)
        {
            Source = _settings.Source,
            Epoch = epoch,
            IsForEveryone = contract.IsForEveryone,
            StoredIn = e.StreamId,
        };
    }

    private static string[] Names(IDocumentStore store, IEnumerable<PublicContract> contracts) =>
        StoredEventTypes.Names(store, contracts.Select(c => c.Stored));
}

/// <summary>Settings of published events (Banking:Publishing).</summary>
public sealed record PublicationSettings(string Source = PublicEvent.DefaultSource);
