using System.Text;
using System.Text.Json;
using Banking.Commands.Groups;
using Banking.EventStore.Log;
using Banking.EventStore.Storage;
using Banking.EventStore.Streams;
using Banking.ReadModels.Books;
using JasperFx.Events;
using Marten;
using Npgsql;
using NpgsqlTypes;

namespace Banking.ReadModels.Comparing;

/// <summary>
/// Compares stored states and their lookup documents with the fold of the events.
/// </summary>
public sealed class StateComparison<TState>(IDocumentStore store, GroupRules<TState> rules, LogReader log) : StateComparison
    where TState : class, IEventSourced<TState>
{
    private readonly DocumentTable _table = DocumentTable.Of(store.Options, typeof(TState));
    private readonly FoldStart<TState> _start = new(store);
    private readonly StateLookups<TState> _lookups = new(store, rules);

    public override string Name { get; } = rules.ComparedAs ?? TState.StreamType;

    public override async Task<IReadOnlyList<Difference>> OfStreamsAsync(
        NpgsqlConnection snapshot, StreamSelection streams, IReadOnlyDictionary<Guid, IReadOnlyList<IEvent>> events, CancellationToken ct)
    {
        var (differences, folded) = (new List<Difference>(), new List<TState>());
        foreach (var (id, streamExists, stored) in await StoredAsync(snapshot, streams, ct))
        {
            if (!streamExists)
            {
                differences.Add(new(Name, State, id, null, stored));
            }
            else if (events.TryGetValue(id, out var streamEvents))
            {
                TState? state = null;
                foreach (var e in streamEvents)
                {
                    state = Next(state, id, e, differences);
                }

                differences.AddRange(Compare(id, state!, stored));
                folded.Add(state!);
            }
            else if (stored is null)
            {
                // The stream is too long to fold here, or cannot be read.
                differences.Add(new(Name, State, id, "{}", null));
            }
        }

        differences.AddRange(await _lookups.CompareAsync(snapshot, folded, ct));
        return differences;
    }

    public override async Task<IReadOnlyList<Difference>> OfLongStreamAsync(NpgsqlConnection snapshot, Guid stream, CancellationToken ct)
    {
        var rows = await snapshot.ListAsync(
            $"""
            select s.version, d.data::text from {SchemaNames.Streams} s left join {_table.Name} d on d.id = s.id
            where s.id = $1 and s.type = $2
            """,
            [stream, TState.StreamType],
            row => (row.GetInt64(0), row.GetOrDefault<string>(1)),
            ct);
        if (rows is not [var (version, stored)] || await FindStartAsync(snapshot, stream, ct) is not { } start)
        {
            return [];
        }

        TState? state = null;
        var differences = new List<Difference>();
        await foreach (var page in log.ReadStreamAsync(snapshot, stream, long.MaxValue, ct, start))
        {
            state = page.Where(e => e.Version <= version).Aggregate(state, (s, e) => Next(s, stream, e, differences));
        }

        // OfStreamsAsync finds a lost state, without the events.
        return state is null || stored is null
            ? differences
            : [.. differences, .. Compare(stream, state, stored), .. await _lookups.CompareAsync(snapshot, [state], ct)];
    }

    public override async Task<IReadOnlyList<Difference>> RepairAsync(NpgsqlTransaction transaction, Guid stream, CancellationToken ct)
    {
        var connection = transaction.Connection!;
        if (!await LockStreamAsync(connection, stream, ct))
        {
            return [];
        }

        var stored = await ReadStateAsync(connection, stream, ct);
        var start = await FindStartAsync(connection, stream, ct);
        if (start is null && stored is not null)
        {
            // No event is left to compare it with. A missing state would need the deleted events: reading them names the first of them.
            return [];
        }

        TState? state = null;
        await foreach (var page in log.ReadStreamAsync(connection, stream, long.MaxValue, ct, start ?? 1))
        {
            state = page.Aggregate(state, (s, e) => StreamFold.Next(s, stream, e));
        }

        List<Difference> found = [.. Compare(stream, state!, stored)];
        if (found.Count > 0)
        {
            await WriteStateAsync(connection, stream, state!, ct);
        }

        return [.. found, .. await _lookups.RepairAsync(connection, state!, ct)];
    }

    /// <summary>
    /// Finds the version at which the fold of a stream starts: its first event or, if events were deleted with archive files, the first one
    /// after them that carries the state. Null if there is none, so that nothing is left to fold.
    /// </summary>
    private async Task<long?> FindStartAsync(NpgsqlConnection connection, Guid stream, CancellationToken ct) =>
        await DeletedPart.FindAsync(connection, stream, ct) is { Version: > 0 } deleted
            ? await _start.FindAfterAsync(connection, stream, deleted.Version, ct)
            : 1;

    /// <summary>Locks a stream, so that a command on it waits and then starts from the repaired state.</summary>
    /// <returns>False if the stream does not exist or is of another kind.</returns>
    private static async Task<bool> LockStreamAsync(NpgsqlConnection connection, Guid stream, CancellationToken ct) =>
        await connection.ScalarAsync<long?>(
            $"select version from {SchemaNames.Streams} where id = $1 and type = $2 for update",
            [stream, TState.StreamType],
            ct) is not null;

    private Task<string?> ReadStateAsync(NpgsqlConnection connection, Guid stream, CancellationToken ct) =>
        connection.ScalarAsync<string?>($"select data::text from {_table.Name} where id = $1", [stream], ct);

    private async Task WriteStateAsync(NpgsqlConnection connection, Guid stream, TState state, CancellationToken ct) =>
        await connection.ExecuteAsync(
            $"""
            insert into {_table.Name} as d (id, data, mt_version, mt_dotnet_type) values ($1, $2, $3, $4)
            on conflict (id) do update set
                data = excluded.data, mt_version = excluded.mt_version, mt_last_modified = transaction_timestamp()
            """,
            [stream, NpgsqlDbType.Jsonb.Of(Json(state)), state.Version, typeof(TState).FullName],
            ct);

    /// <summary>Reads the streams of this kind together with the stored states, including states without a stream.</summary>
    private Task<IReadOnlyList<(Guid Id, bool StreamExists, string? Stored)>> StoredAsync(
        NpgsqlConnection snapshot, StreamSelection streams, CancellationToken ct) => streams.ListAsync(
        snapshot,
        $"""
        select coalesce(s.id, d.id), s.id is not null, d.data::text
        from (select id from {SchemaNames.Streams} where {streams.On("id")} and type = $3) s
        full join (select id, data from {_table.Name} where {streams.On("id")}) d on d.id = s.id
        """,
        [TState.StreamType],
        row => (row.GetGuid(0), row.GetBoolean(1), row.GetOrDefault<string>(2)),
        ct);

    /// <summary>Folds one more event, and compares the state that it carries, if any, with the fold of all events up to it.</summary>
    private TState Next(TState? before, Guid id, IEvent e, List<Difference> differences)
    {
        var folded = StreamFold.Next(before, id, e);
        if (before is not null && TState.Resume(id, e.Data, e.Version, e.Timestamp) is { } carried
            && (Json(folded), Json(carried)) is var (expected, found) && !JsonText.IsSame(expected, found))
        {
            differences.Add(new(Name, Carried, id, expected, found));
        }

        return folded;
    }

    private IEnumerable<Difference> Compare(Guid id, TState state, string? stored)
    {
        var expected = Json(state);
        if (stored is null || !IsSameState(expected, stored))
        {
            yield return new(Name, State, id, expected, stored);
        }
    }

    /// <summary>
    /// Whether this version of the bank reads an equal state from it; an earlier version may have written it differently.
    /// </summary>
    private bool IsSameState(string expected, string stored)
    {
        try
        {
            using var bytes = new MemoryStream(Encoding.UTF8.GetBytes(stored));
            return JsonText.IsSame(expected, Json(store.Options.Serializer().FromJson<TState>(bytes)));
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private string Json(TState state) => store.Options.Serializer().ToJson(state);
}

/// <summary>A comparison of stored states, which can be repaired from the log.</summary>
public abstract class StateComparison : StoredComparison
{
    /// <summary>The table name of a stored state in a difference.</summary>
    public const string State = "state";

    /// <summary>The table name of a state that an event carries, in a difference.</summary>
    public const string Carried = "carried state";

    /// <summary>Repairs the stored state of a stream, and its missing lookup documents, from the log.</summary>
    /// <returns>The differences; empty if there were none or the stream is of another kind.</returns>
    public abstract Task<IReadOnlyList<Difference>> RepairAsync(NpgsqlTransaction transaction, Guid stream, CancellationToken ct);
}
