using System.Text.Json;
using Banking.EventStore.Log;
using Banking.EventStore.Storage;
using Banking.EventStore.Streams;
using Marten;
using Npgsql;
using NpgsqlTypes;

namespace Banking.Commands.Groups;

/// <summary>
/// Reads states. A stored state is a cache: a state that is missing, or is not at the version of its stream, is folded from the events.
/// So answers never miss an event of the log.
/// </summary>
public sealed class StateReader<TState>(IDocumentStore store, NpgsqlDataSource source, LogReader log, LostStates lost)
    where TState : class, IEventSourced<TState>
{
    /// <summary>Maximum number of streams that a list searches for missing states.</summary>
    private const int MaxStreamsSearched = 2_000;

    private readonly DocumentTable _table = DocumentTable.Of(store.Options, typeof(TState));
    private readonly StateFold<TState> _fold = new(store, source, log);

    /// <summary>Returns the state, or null if the stream does not exist.</summary>
    /// <exception cref="UnreadableEventException">The state must be folded, and an event cannot be read or applied.</exception>
    public async Task<TState?> FindAsync(Guid id, CancellationToken ct) => (await FindAsync([id], ct)).GetValueOrDefault(id);

    /// <summary>Returns the states of these streams, read in one statement. Streams that do not exist are left out.</summary>
    /// <exception cref="UnreadableEventException">A state must be folded, and an event cannot be read or applied.</exception>
    public async Task<IReadOnlyDictionary<Guid, TState>> FindAsync(IReadOnlyList<Guid> ids, CancellationToken ct)
    {
        var (states, unreadable) = await FindReadableAsync(ids, ct);
        return unreadable.Values.FirstOrDefault() is { } failure ? throw failure : states;
    }

    /// <summary>
    /// Returns the states of these streams, and the first unreadable event of those that must be folded and cannot be. Streams that do not
    /// exist are in neither.
    /// </summary>
    public async Task<(IReadOnlyDictionary<Guid, TState> States, IReadOnlyDictionary<Guid, UnreadableEventException> Unreadable)>
        FindReadableAsync(IReadOnlyList<Guid> ids, CancellationToken ct)
    {
        var found = await source.ListAsync(
            $"""
            select i.id, d.data, s.version from unnest($1) as i(id) left join {_table.Name} d on d.id = i.id
            left join {SchemaNames.Streams} s on s.id = i.id and s.type = '{TState.StreamType}'
            """,
            [ids.ToArray()],
            row => (Id: row.GetGuid(0), Stored: Read(row, 1), Version: row.GetOrDefault<long?>(2)),
            ct);
        var (states, unreadable) = (new Dictionary<Guid, TState>(), new Dictionary<Guid, UnreadableEventException>());
        foreach (var (id, stored, version) in found)
        {
            try
            {
                var isCurrent = version is null || stored?.Version == version;
                if ((isCurrent ? stored : await _fold.RunAsync(id, ct)) is { } state)
                {
                    states[id] = state;
                }
            }
            catch (UnreadableEventException failure)
            {
                unreadable[id] = failure;
            }
        }

        return (states, unreadable);
    }

    /// <summary>Returns a page of the states that match a search, ordered by id.</summary>
    /// <param name="limit">Page size plus one: the additional state shows that there is a next page.</param>
    public async Task<IReadOnlyList<TState>> ListAsync(StateSearch search, Guid after, int limit, CancellationToken ct)
    {
        var found = await ReadAsync($"select d.id, d.data from {_table.Name} d", search, after, Guid.AllBitsSet, limit, [], ct);
        // Missing states are needed only where they belong on this page.
        var upTo = found.Count < limit ? Guid.AllBitsSet : found[^1].Id;
        var lost = await LostAsync(search, after, upTo, limit, ct);
        if (lost.Count == 0)
        {
            return found;
        }

        // Apply the same conditions to them as if they were stored.
        var folded = await ReadAsync(
            "select d.id, d.data from unnest($1, $2) as d(id, data)",
            search,
            after,
            upTo,
            limit,
            [
                lost.Select(s => s.Id).ToArray(),
                (NpgsqlDbType.Array | NpgsqlDbType.Jsonb).Of(lost.Select(s => store.Options.Serializer().ToJson(s)).ToArray()),
            ],
            ct);
        return [.. found.Concat(folded).OrderBy(s => s.Id).Take(limit)];
    }

    /// <summary>
    /// Returns a page of the states whose directory document matches a search, ordered by id. The values come from the state, which
    /// never lags behind the log; the document only selects.
    /// </summary>
    /// <param name="limit">Page size plus one: the additional state shows that there is a next page.</param>
    public Task<IReadOnlyList<TState>> ListAsync<TDirectory>(StateSearch search, Guid after, int limit, CancellationToken ct)
    {
        // Select the page first: only its states are read.
        var from = $"{DocumentTable.Of(store.Options, typeof(TDirectory)).Name} d";
        return ReadAsync(
            $"select p.id, s.data from (select d.id from {from}",
            search,
            after,
            Guid.AllBitsSet,
            limit,
            [],
            ct,
            $") p left join {_table.Name} s on s.id = p.id order by p.id");
    }

    /// <summary>
    /// Returns the ids of a page of the directory documents that match a search, ordered by id: for a list that names a state which cannot
    /// be read (<see cref="FindReadableAsync"/>).
    /// </summary>
    /// <param name="limit">Page size plus one: the additional id shows that there is a next page.</param>
    public Task<IReadOnlyList<Guid>> ListIdsAsync<TDirectory>(StateSearch search, Guid after, int limit, CancellationToken ct)
    {
        List<object?> values = [];
        var condition = StateSearch.InRange(search.All, after, Guid.AllBitsSet, values);
        return source.ListAsync(
            $"select d.id from {DocumentTable.Of(store.Options, typeof(TDirectory)).Name} d where {condition} "
                + $"order by d.id limit {StateSearch.Add(values, limit)}",
            [.. values],
            row => row.GetGuid(0),
            ct);
    }

    private async Task<IReadOnlyList<TState>> LostAsync(StateSearch search, Guid after, Guid upTo, int limit, CancellationToken ct)
    {
        var states = new List<TState>();
        foreach (var id in await LostIdsAsync(search, after, upTo, limit, ct))
        {
            // A stream without events has no state. The sentinel reports such a stream.
            if (await _fold.RunAsync(id, ct) is { } state)
            {
                states.Add(state);
            }
        }

        return states;
    }

    /// <summary>
    /// Selects streams without a state. It searches the first streams of the range, so that a list costs the same in a large bank, and
    /// all streams that the sentinel found to differ. Each state is looked up by its id: a join might read all of them.
    /// </summary>
    private Task<IReadOnlyList<Guid>> LostIdsAsync(StateSearch search, Guid after, Guid upTo, int limit, CancellationToken ct)
    {
        var values = new List<object?>();
        var range = "not d.is_archived and " + StateSearch.InRange(search.ById, after, upTo, values);
        // The type must be a literal, or PostgreSQL cannot use the partial index of the type.
        var ofKind = $"d.type = '{TState.StreamType}'";
        return source.ListAsync(
            $"""
            select d.id from (
                select d.id from (
                    select d.id, d.type from {SchemaNames.Streams} d where {(TState.IsIndexed ? ofKind : "true")} and {range}
                    order by d.id limit {MaxStreamsSearched}) d where {ofKind}
                union
                select d.id from {SchemaNames.Streams} d
                where d.id = any(array({lost.Sql})) and {ofKind} and {range}) d
            where (select known.id from {_table.Name} known where known.id = d.id) is null
            order by d.id limit {StateSearch.Add(values, limit)}
            """,
            [.. values],
            row => row.GetGuid(0),
            ct);
    }

    /// <summary>Reads a page of ids and states, and folds the states that are missing.</summary>
    /// <param name="first">The values of $1 and so on in the query.</param>
    private async Task<IReadOnlyList<TState>> ReadAsync(
        string select,
        StateSearch search,
        Guid after,
        Guid upTo,
        int limit,
        IEnumerable<object?> first,
        CancellationToken ct,
        string rest = "")
    {
        List<object?> values = [.. first];
        var condition = StateSearch.InRange(search.All, after, upTo, values);
        var found = await source.ListAsync(
            $"{select} where {condition} order by d.id limit {StateSearch.Add(values, limit)}{rest}",
            [.. values],
            row => (Id: row.GetGuid(0), State: Read(row, 1)),
            ct);
        var states = new List<TState>(found.Count);
        foreach (var (id, state) in found)
        {
            if ((state ?? await _fold.RunAsync(id, ct)) is { } known)
            {
                states.Add(known);
            }
        }

        return states;
    }

    /// <summary>Returns null if there is no state, or if this version of the bank cannot read it: it then counts as missing.</summary>
    private TState? Read(NpgsqlDataReader reader, int column)
    {
        try
        {
            return reader.IsDBNull(column) ? null : store.Options.Serializer().FromJson<TState>(reader, column);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
