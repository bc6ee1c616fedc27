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
/// Reads states. A stored state is a cache: one that was lost, or is not at the version of its stream, is folded from the events, so that
/// what the log holds is always answered.
/// </summary>
public sealed class StateReader<TState>(IDocumentStore store, NpgsqlDataSource source, LogReader log, LostStates lost)
    where TState : class, IEventSourced<TState>
{
    /// <summary>Streams that a list looks through for those whose state is lost.</summary>
    private const int LookedThrough = 2_000;

    private readonly DocumentTable _table = DocumentTable.Of(store.Options, typeof(TState));

    /// <summary>The state, or null where there is no such stream.</summary>
    /// <exception cref="UnreadableEventException">It has to be folded, and one of its events cannot be read, or cannot follow those before
    /// it.</exception>
    public async Task<TState?> FindAsync(Guid id, CancellationToken ct) => (await FindAsync([id], ct)).GetValueOrDefault(id);

    /// <summary>The states of these streams, in one statement; those that are not there are left out.</summary>
    /// <exception cref="UnreadableEventException">One has to be folded, and one of its events cannot be read, or cannot follow those before
    /// it.</exception>
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

    /// <summary>A page of the states that a search finds, in the order of their ids.</summary>
    /// <param name="limit">One more than the page holds, which tells whether there is a next page.</param>
    public async Task<IReadOnlyList<TState>> ListAsync(StateSearch search, Guid after, int limit, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(search);
        var found = await ReadAsync($"{_table.Name} d", search.All, after, Guid.AllBitsSet, limit, [], ct);
        // What is lost may belong on this page only.
        var upTo = found.Count < limit ? Guid.AllBitsSet : found[^1].Id;
        var lost = await LostAsync(search, after, upTo, limit, ct);
        if (lost.Count == 0)
        {
            return found;
        }

        // Searched by the same conditions, as if they were stored.
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
    /// A page of the states whose documents in a directory a search finds, in the order of their ids. What a state and its document both
    /// say is answered from the state, which is never behind the log.
    /// </summary>
    /// <param name="limit">One more than the page holds, which tells whether there is a next page.</param>
    public Task<IReadOnlyList<TState>> ListAsync<TDirectory>(StateSearch search, Guid after, int limit, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(search);
        // The page is found first: the states of all the others are not read.
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
            // A stream without events has no state. That something is wrong with it the sentinel says.
            if (await FoldAsync(id, ct) is { } state)
            {
                states.Add(state);
            }
        }

        return states;
    }

    /// <summary>
    /// Streams without a state: of the first so many of the range, so that a list costs the same in a large bank; and of those, wherever
    /// they are, that the sentinel found to differ. Each state is looked up by its id: a join might read all of them.
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
        // A literal, or the index of the kind does not serve.
        var ofKind = $"d.type = '{TState.StreamType}'";
        command.CommandText =
            $"""
            select d.id from (
                select d.id from (
                    select d.id, d.type from {SchemaNames.Streams} d where {(TState.IsIndexed ? ofKind : "true")} and {range}
                    order by d.id limit {LookedThrough}) d where {ofKind}
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

    /// <summary>Null where this version of the bank cannot read it: the same as none.</summary>
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
                : throw new InvalidOperationException("The event before it is missing from its stream.");
        }
        catch (Exception failure) when (failure is InvalidOperationException or OverflowException or InvalidCastException)
        {
            throw new UnreadableEventException(e, failure);
        }
    }
}

/// <summary>
/// What states are searched by. Conditions speak of <c>d.id</c> and <c>d.data</c>, and have a ? for each of their values.
/// </summary>
public sealed class StateSearch
{
    private readonly List<Condition> _byId = [];
    private readonly List<Condition> _byData = [];

    /// <summary>A condition on <c>d.id</c> alone: it can be asked of streams too.</summary>
    public void AddById(string sql, params object[] values) => _byId.Add(new(sql, values));

    public void AddByData(string sql, params object[] values) => _byData.Add(new(sql, values));

    internal IReadOnlyList<Condition> ById => _byId;

    internal IReadOnlyList<Condition> All => [.. _byId, .. _byData];

    internal sealed record Condition(string Text, IReadOnlyList<object> Values)
    {
        /// <summary>With the names of parameters in the place of each ?.</summary>
        public string Sql(IReadOnlyList<string> parameters)
        {
            var parts = Text.Split('?');
            return "(" + string.Concat(parts.Select((p, i) => i == 0 ? p : parameters[i - 1] + p)) + ")";
        }
    }
}
