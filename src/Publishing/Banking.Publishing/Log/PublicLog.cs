using System.Collections.Concurrent;
using Banking.Commands;
using Banking.EventStore.Appending;
using Banking.EventStore.Callers;
using Banking.EventStore.Log;
using Banking.EventStore.Published;
using Banking.EventStore.Storage;
using Banking.SharedKernel;
using JasperFx.Events;
using Marten;
using Npgsql;

namespace Banking.Publishing.Log;

/// <summary>Events from one position to another.</summary>
/// <param name="End">Everything up to here that is published is in it, or before it.</param>
public sealed record PublicPage(IReadOnlyList<PublicEvent> Events, long End)
{
    /// <summary>The log that it was read from (<see cref="HighWaterMark.Server"/>); null where nothing was read.</summary>
    public string? Log { get; init; }
}

/// <summary>
/// The log as the world sees it: events that have a contract, in their order, as far as the log is complete. What was imported is history
/// and not news: it is not in it, and the first event after it has no published predecessor.
/// </summary>
public sealed class PublicLog(
    IDocumentStore store,
    ReadModelConnections connections,
    EventCache tail,
    HighWaterMark mark,
    PublicContracts contracts,
    PublicationSettings settings)
{
    /// <summary>Positions that one page looks at, at most.</summary>
    public const int PageSize = 1_000;

    /// <summary>Pages that are read for one answer: a million imported events in the way are no reason to answer late, or never.</summary>
    private const int MaxPages = 20;

    private const int Remembered = 16;

    private readonly StoredEvents _events = new(store);
    private readonly Predecessors _predecessors = new(store, connections);
    private readonly string _schema = store.Options.Events.DatabaseSchemaName;
    private readonly string[] _types = Names(store, contracts.All);

    /// <summary>Of these, what is an account's own: only that has a place among the account's events, which a reader can count.</summary>
    private readonly string[] _own = Names(store, contracts.All.Where(c => c.About is null));

    /// <summary>
    /// Several ways out stand at the same place of the log most of the time: they share what was read and written down there.
    /// </summary>
    private readonly ConcurrentDictionary<(string Server, long After), PublicPage> _recent = new();

    /// <summary>The page after a position; its end is that position where there is nothing more yet.</summary>
    public async Task<PublicPage> ReadAsync(long after, CancellationToken ct)
    {
        if (mark.Server is not { } server)
        {
            // Nothing is known of the log just now, and what was read before may be another's.
            return new([], after);
        }

        var place = (server, after);
        if (_recent.TryGetValue(place, out var known))
        {
            return known;
        }

        // As last looked at: a way out that asked anew after each page would get, and pay for, a page of each commit.
        var end = Math.Min(mark.Complete, after + PageSize);
        if (end <= after)
        {
            return new([], after);
        }

        var read = UpToUnknown(await tail.ReadAsync(after, end, ct, server), after);
        PublicPage page = new([.. await TellAsync(read.Events, ct)], read.End) { Log = server };
        if (_recent.Count >= Remembered)
        {
            _recent.Clear();
        }

        return _recent.GetOrAdd(place, page);
    }

    /// <summary>
    /// Of an event that does not say its channel nobody knows whether it is history or news: what comes before it is told, and nothing
    /// after it.
    /// </summary>
    /// <exception cref="UnreadableEventException">It is the first.</exception>
    private LogPage UpToUnknown(LogPage page, long after)
    {
        for (var i = 0; i < page.Events.Count; i++)
        {
            var e = page.Events[i];
            if (contracts.Find(e.EventType) is not null && Predecessors.IsOfUnknownChannel(e))
            {
                return e.Sequence - 1 > after ? new([.. page.Events.Take(i)], e.Sequence - 1) : throw Predecessors.UnknownChannel(e);
            }
        }

        return page;
    }

    /// <summary>
    /// The next events after a position, at most so many. Where they are far apart there may be fewer, or none, before its end.
    /// </summary>
    public async Task<PublicPage> TakeAsync(long after, int limit, CancellationToken ct)
    {
        var (events, start) = (new List<PublicEvent>(), after);
        for (var pages = 0; pages < MaxPages; pages++)
        {
            PublicPage page;
            try
            {
                page = await ReadAsync(after, ct);
            }
            catch (UnreadableEventException) when (after > start)
            {
                // Who asked is given what comes before it, and told the next time.
                return new(events, after);
            }

            if (page.End == after)
            {
                return new(events, after);
            }

            var room = limit - events.Count;
            if (page.Events.Count > room)
            {
                events.AddRange(page.Events.Take(room));
                return new(events, room == 0 ? after : events[^1].Position);
            }

            events.AddRange(page.Events);
            after = page.End;
        }

        return new(events, after);
    }

    /// <summary>
    /// What was published of one account, its own events and what was refused on it, from one position to another, both included, oldest
    /// first. It looks at so many events at most, and not all that it looks at is told: whether there may be more is told by its end alone.
    /// </summary>
    public async Task<PublicPage> OfAccountAsync(Guid account, long from, long upTo, int limit, CancellationToken ct)
    {
        // A refusal is a stream of its own, and its document says whose it is.
        var page = await QueryAsync(
            $"e.stream_id = any(array(select $2 union all select id from {CommandsModule.RefusalTable} d where (d.data ->> 'streamId')::uuid = $2)) "
                + "and e.seq_id >= $3 and e.seq_id <= $4",
            [account, from, upTo],
            limit,
            ct);
        return new(page.Events, page.Looked < limit ? upTo : page.End);
    }

    /// <summary>The first and the last published version of a stream, up to a position; nulls where there is none.</summary>
    public async Task<(long? First, long? Last)> RangeAsync(Guid stream, long upTo, CancellationToken ct)
    {
        await using var connection = await connections.OpenAsync(ct);
        // The position in a form that no index answers: that would be one over all the log.
        await using var command = new NpgsqlCommand(
            $"with mine as not materialized (select version from {_schema}.mt_events where stream_id = $1 and seq_id + 0 <= $2 and type = any($3) "
                + $"and (headers ->> '{HeaderNames.Channel}') is distinct from '{Channels.Import}') "
                + "select (select version from mine order by version limit 1), (select version from mine order by version desc limit 1)",
            connection);
        foreach (var value in (object[])[stream, upTo, _own])
        {
            command.Parameters.Add(new() { Value = value });
        }

        await using var reader = await command.ExecuteReaderAsync(ct);
        await reader.ReadAsync(ct);
        return reader.IsDBNull(0) ? (null, null) : (reader.GetInt64(0), reader.GetInt64(1));
    }

    /// <summary>One published event, or null.</summary>
    public async Task<PublicEvent?> FindAsync(Guid id, CancellationToken ct) =>
        (await QueryAsync("e.id = $2", [id], null, ct)).Events is [var e, ..] ? e : null;

    /// <summary>The events that are told, how many were looked at for them, and the position of the last of those.</summary>
    private async Task<(IReadOnlyList<PublicEvent> Events, int Looked, long End)> QueryAsync(
        string condition, object[] values, int? limit, CancellationToken ct)
    {
        await using var connection = await connections.OpenAsync(ct);
        await using var command = new NpgsqlCommand(
            "select e.data, e.id, e.stream_id, e.version, e.type, e.timestamp, e.user_name, e.correlation_id, e.seq_id, e.is_archived, "
                + $"{StoredEvents.IsImported("e")}, {StoredEvents.IsImported("p")} "
                + $"from {_schema}.mt_events e left join {_schema}.mt_events p on p.stream_id = e.stream_id and p.version = e.version - 1 "
                + $"where e.type = any($1) and {condition} and (e.headers ->> '{HeaderNames.Channel}') is distinct from '{Channels.Import}' order by e.seq_id"
                + (limit is null ? "" : $" limit {limit}"),
            connection);
        foreach (var value in (object[])[_types, .. values])
        {
            command.Parameters.Add(new() { Value = value });
        }

        await using var reader = await command.ExecuteReaderAsync(ct);
        var events = new List<PublicEvent>();
        var (looked, end) = (0, 0L);
        while (await reader.ReadAsync(ct))
        {
            var e = _events.Read(reader, imported: true);
            (looked, end) = (looked + 1, e.Sequence);
            if (!Predecessors.IsImported(e) && Tell(e, afterHistory: !reader.IsDBNull(11) && reader.GetBoolean(11)) is { } told)
            {
                events.Add(told);
            }
        }

        return (events, looked, end);
    }

    private async Task<IEnumerable<PublicEvent>> TellAsync(IReadOnlyList<IEvent> events, CancellationToken ct)
    {
        var news = events.Where(e => contracts.Find(e.EventType) is not null && !Predecessors.IsImported(e)).ToList();
        var afterHistory = await _predecessors.AreImportedAsync(
            events, [.. news.Where(e => contracts.Find(e.EventType)!.About is null)], ct);
        return news.Select(e => Tell(e, afterHistory.Contains(e.Id))).OfType<PublicEvent>();
    }

    private PublicEvent? Tell(IEvent e, bool afterHistory)
    {
        var contract = contracts.Find(e.EventType)!;
        if (contract.Tell(e) is not { } data)
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
            about is not null || e.Version == 1 || afterHistory ? null : e.Version - 1,
            e.Sequence,
            data)
        {
            Source = settings.Source,
        };
    }

    private static string[] Names(IDocumentStore store, IEnumerable<PublicContract> contracts) =>
        StoredEventTypes.Names(store, contracts.Select(c => c.Stored));
}

/// <summary>What a bank says about itself in what it publishes (Banking:Publishing).</summary>
public sealed record PublicationSettings(string Source = PublicEvent.DefaultSource);
