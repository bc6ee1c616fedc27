using Banking.EventStore.Archive;
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
public sealed partial class PublicLog : IDisposable
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
        if (await FindAtAsync(e.Position, ct) is { Unreadable: not null })
        {
            return false;
        }

        await _cache.ForgetAsync(ct);
        await _newest.ForgetAsync(ct);
        return true;
    }

    private Task<IReadOnlyList<PublicEvent>> MapAsync(IReadOnlyList<IEvent> events, string epoch, CancellationToken ct) => MapAsync(
        events, epoch, published => _predecessors.FindAsync(
            events, [.. published.Where(e => _contracts.Find(e.EventType)!.About is null)], epoch, ct), ct);

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
