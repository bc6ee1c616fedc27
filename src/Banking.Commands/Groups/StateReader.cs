using System.Text.Json;
using Banking.EventStore.Log;
using Banking.EventStore.Storage;
using Banking.EventStore.Streams;
using JasperFx.Events;
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

    /// <summary>Returns the state, or null if the stream does not exist.</summary>
    /// <exception cref="UnreadableEventException">The state must be folded, and an event cannot be read or applied.</exception>
    public async Task<TState?> FindAsync(Guid id, CancellationToken ct) => (await FindAsync([id], ct)).GetValueOrDefault(id);

    /// <summary>Returns the states of these streams, read in one statement. Streams that do not exist are left out.</summary>
    /// <exception cref="UnreadableEventException">A state must be folded, and an event cannot be read or applied.</exception>
    public async Task<IReadOnlyDictionary<Guid, TState>> FindAsync(IReadOnlyList<Guid> ids, CancellationToken ct)
    {
        var states = new Dictionary<Guid, TState>();
        var lost = new List<Guid>();
        await using (var command = source.CreateCommand(
            $"select i.id, d.data, s.version from unnest($1) as i(id) left join {_table.Name} d on d.id = i.id " +
            $"left join {SchemaNames.Events}.mt_streams s on s.id = i.id and s.type = '{TState.StreamType}'"))
        {
            command.Parameters.Add(new() { Value = ids.ToArray() });
            await using var reader = await command.ExecuteReaderAsync(ct);
            while (await reader.ReadAsync(ct))
            {
                var stored = await reader.IsDBNullAsync(1, ct) ? null : Read(reader, 1);
                if (!await reader.IsDBNullAsync(2, ct) && stored?.Version != reader.GetInt64(2))
                {
                    lost.Add(reader.GetGuid(0));
                }
                else if (stored is not null)
                {
                    states[reader.GetGuid(0)] = stored;
                }
            }
        }

        foreach (var id in lost)
        {
            if (await FoldAsync(id, ct) is { } folded)
            {
                states[id] = folded;
            }
        }

        return states;
    }

    /// <summary>Returns a page of the states that match a search, ordered by id.</summary>
    /// <param name="limit">Page size plus one: the additional state shows that there is a next page.</param>
    public async Task<IReadOnlyList<TState>> ListAsync(StateSearch search, Guid after, int limit, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(search);
        var found = await ReadAsync($"{_table.Name} d", search.All, after, Guid.AllBitsSet, limit, [], ct);
        // Missing states are needed only where they belong on this page.
        var upTo = found.Count < limit ? Guid.AllBitsSet : found[^1].Id;
        var lost = await LostAsync(search, after, upTo, limit, ct);
        if (lost.Count == 0)
        {
            return found;
        }

        // Apply the same conditions to them as if they were stored.
        var folded = await ReadAsync(
            "unnest($1, $2) as d(id, data)", search.All, after, upTo, limit,
            [
                new() { Value = lost.Select(s => s.Id).ToArray() },
                new()
                {
                    Value = lost.Select(s => store.Options.Serializer().ToJson(s)).ToArray(),
                    NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Jsonb,
                },
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
        ArgumentNullException.ThrowIfNull(search);
        // Select the page first: only its states are read.
        var from = $"{DocumentTable.Of(store.Options, typeof(TDirectory)).Name} d";
        return StatesAsync(
            Command(
                $"select p.id, s.data from (select d.id from {from}",
                "true",
                search.All,
                after,
                Guid.AllBitsSet,
                limit,
                [],
                $") p left join {_table.Name} s on s.id = p.id order by p.id"),
            ct);
    }

    private async Task<IReadOnlyList<TState>> LostAsync(StateSearch search, Guid after, Guid upTo, int limit, CancellationToken ct)
    {
        var ids = new List<Guid>();
        await using (var command = LostCommand(search, after, upTo, limit))
        {
            await using var reader = await command.ExecuteReaderAsync(ct);
            while (await reader.ReadAsync(ct))
            {
                ids.Add(reader.GetGuid(0));
            }
        }

        var states = new List<TState>();
        foreach (var id in ids)
        {
            // A stream without events has no state. The sentinel reports such a stream.
            if (await FoldAsync(id, ct) is { } state)
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
    private NpgsqlCommand LostCommand(StateSearch search, Guid after, Guid upTo, int limit)
    {
        var command = source.CreateCommand();
        string Parameter(object value)
        {
            command.Parameters.Add(new() { Value = value });
            return "$" + command.Parameters.Count.ToString(System.Globalization.CultureInfo.InvariantCulture);
        }

        var range = string.Join(
            " and ",
            (string[])
                [
                    "not d.is_archived",
                    $"d.id > {Parameter(after)}",
                    $"d.id <= {Parameter(upTo)}",
                    .. search.ById.Select(c => c.Sql([.. c.Values.Select(Parameter)])),
                ]);
        // The type must be a literal, or PostgreSQL cannot use the partial index of the type.
        var ofKind = $"d.type = '{TState.StreamType}'";
        command.CommandText =
            $"""
            select d.id from (
                select d.id from (
                    select d.id, d.type from {SchemaNames.Streams} d where {(TState.IsIndexed ? ofKind : "true")} and {range}
                    order by d.id limit {MaxStreamsSearched}) d where {ofKind}
                union
                select d.id from {SchemaNames.Streams} d
                where d.id = any(array({lost.Sql})) and {ofKind} and {range}) d
            where (select known.id from {_table.Name} known where known.id = d.id) is null
            order by d.id limit {Parameter(limit)}
            """;
        return command;
    }

    private Task<IReadOnlyList<TState>> ReadAsync(
        string from,
        IReadOnlyList<StateSearch.Condition> conditions,
        Guid after,
        Guid upTo,
        int limit,
        NpgsqlParameter[] first,
        CancellationToken ct
    ) => StatesAsync(Command($"select d.id, d.data from {from}", "true", conditions, after, upTo, limit, first), ct);

    private async Task<IReadOnlyList<TState>> StatesAsync(NpgsqlCommand command, CancellationToken ct)
    {
        var found = new List<(Guid Id, TState? State)>();
        await using (command)
        {
            await using var reader = await command.ExecuteReaderAsync(ct);
            while (await reader.ReadAsync(ct))
            {
                found.Add((reader.GetGuid(0), await reader.IsDBNullAsync(1, ct) ? null : Read(reader, 1)));
            }
        }

        var states = new List<TState>(found.Count);
        foreach (var (id, state) in found)
        {
            if ((state ?? await FoldAsync(id, ct)) is { } known)
            {
                states.Add(known);
            }
        }

        return states;
    }

    /// <summary>Returns null if this version of the bank cannot read the state: it then counts as missing.</summary>
    private TState? Read(NpgsqlDataReader reader, int column)
    {
        try
        {
            return store.Options.Serializer().FromJson<TState>(reader, column);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private NpgsqlCommand Command(
        string select,
        string where,
        IReadOnlyList<StateSearch.Condition> conditions,
        Guid after,
        Guid upTo,
        int limit,
        NpgsqlParameter[] first,
        string rest = "")
    {
        var command = source.CreateCommand();
        command.Parameters.AddRange(first);
        string Parameter(object value)
        {
            command.Parameters.Add(new() { Value = value });
            return "$" + command.Parameters.Count.ToString(System.Globalization.CultureInfo.InvariantCulture);
        }

        var all = new List<string> { where, $"d.id > {Parameter(after)}", $"d.id <= {Parameter(upTo)}" };
        all.AddRange(conditions.Select(c => c.Sql([.. c.Values.Select(Parameter)])));
        command.CommandText = $"{select} where {string.Join(" and ", all)} order by d.id limit {Parameter(limit)}{rest}";
        return command;
    }

    private async Task<TState?> FoldAsync(Guid id, CancellationToken ct)
    {
        TState? state = null;
        await foreach (var page in log.ReadStreamAsync(id, long.MaxValue, ct))
        {
            foreach (var e in page)
            {
                state = Fold(state, id, e);
            }
        }

        return state;
    }

    private static TState Fold(TState? state, Guid id, IEvent e)
    {
        try
        {
            var next = TState.Fold(state, id, e.Data, e.Timestamp);
            return next.Version == e.Version
                ? next
                : throw new InvalidOperationException("The preceding event is missing from the stream.");
        }
        catch (Exception failure) when (failure is InvalidOperationException or OverflowException or InvalidCastException)
        {
            throw new UnreadableEventException(e, failure);
        }
    }
}

/// <summary>
/// Conditions of a search for states. They refer to <c>d.id</c> and <c>d.data</c>, and have a ? for each of their values.
/// </summary>
public sealed class StateSearch
{
    private readonly List<Condition> _byId = [];
    private readonly List<Condition> _byData = [];

    /// <summary>Adds a condition on <c>d.id</c> alone, which can be applied to streams too.</summary>
    public void AddById(string sql, params object[] values) => _byId.Add(new(sql, values));

    public void AddByData(string sql, params object[] values) => _byData.Add(new(sql, values));

    internal IReadOnlyList<Condition> ById => _byId;

    internal IReadOnlyList<Condition> All => [.. _byId, .. _byData];

    internal sealed record Condition(string Text, IReadOnlyList<object> Values)
    {
        /// <summary>The condition as SQL, with parameters in place of each ?.</summary>
        public string Sql(IReadOnlyList<string> parameters)
        {
            var parts = Text.Split('?');
            return "(" + string.Concat(parts.Select((p, i) => i == 0 ? p : parameters[i - 1] + p)) + ")";
        }
    }
}
