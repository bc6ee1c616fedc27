using Banking.Commands;
using Banking.EventStore.Appending;
using Banking.EventStore.Callers;
using Banking.EventStore.Log;
using Banking.EventStore.Storage;

namespace Banking.Publishing.Log;

// Reads of single events and of one account, from the tables.
public sealed partial class PublicLog
{
    /// <summary>
    /// Reads the published events of one account, also those that other streams store, such as its refusals and statements, from one
    /// position to another, both included, oldest first. The limit counts stored events, of which not all are published: only the end of
    /// the page shows whether there may be more.
    /// </summary>
    public async Task<PublicPage> OfAccountAsync(Guid account, long from, long upTo, int limit, CancellationToken ct)
    {
        // A refusal is a stream of its own, and its document names the account's stream.
        var page = await QueryAsync(
            "e.stream_id = any(array(select unnest($5::uuid[]) union all "
                + $"select id from {CommandsModule.RefusalTable} d where (d.data ->> 'streamId')::uuid = $2)) "
                + "and e.seq_id >= $3 and e.seq_id <= $4",
            [account, from, upTo, _contracts.StreamsAbout(account).ToArray()],
            limit,
            ct);
        return new(page.Events, page.Read < limit ? upTo : page.End);
    }

    /// <summary>
    /// Returns the published event at a position, also one that cannot be read; null if there is none, or if it is not published.
    /// </summary>
    internal async Task<PublicEvent?> FindAtAsync(long position, CancellationToken ct) =>
        (await QueryAsync("e.seq_id = $2", [position], null, ct)).Events is [var e, ..] ? e : null;

    /// <summary>Those of the positions whose events this host still cannot read.</summary>
    internal async Task<IReadOnlySet<long>> FindUnreadableAsync(IReadOnlyCollection<long> positions, CancellationToken ct) =>
        (await QueryAsync("e.seq_id = any($2)", [positions.ToArray()], null, ct)).Events
        .Where(e => e.Unreadable is not null).Select(e => e.Position).ToHashSet();

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
}
