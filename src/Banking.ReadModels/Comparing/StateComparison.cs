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

    public override string Name { get; } = rules.ComparedAs ?? TState.StreamType;

    public override async Task<IReadOnlyList<Difference>> OfStreamsAsync(
        NpgsqlConnection snapshot, StreamSelection streams, IReadOnlyDictionary<Guid, IReadOnlyList<IEvent>> events, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(streams);
        ArgumentNullException.ThrowIfNull(events);
        var (differences, folded) = (new List<Difference>(), new List<TState>());
        foreach (var (id, streamExists, stored) in await StoredAsync(snapshot, streams, ct))
        {
            if (!streamExists)
            {
                differences.Add(new(Name, State, id, null, stored));
            }
            else if (events.TryGetValue(id, out var streamEvents))
            {
                var state = streamEvents.Aggregate((TState?)null, (s, e) => TState.Fold(s, id, e.Data, e.Timestamp))!;
                differences.AddRange(Compare(id, state, stored));
                folded.Add(state);
            }
            else if (stored is null)
            {
                // The stream is too long to fold here, or cannot be read.
                differences.Add(new(Name, State, id, "{}", null));
            }
        }

        differences.AddRange(await LookupsAsync(snapshot, folded, ct));
        return differences;
    }

    public override async Task<IReadOnlyList<Difference>> OfLongStreamAsync(NpgsqlConnection snapshot, Guid stream, CancellationToken ct)
    {
        var version = 0L;
        string? stored = null;
        await using (
            var command = new NpgsqlCommand(
                $"""
                select s.version, d.data::text from {SchemaNames.Events}.mt_streams s left join {_table.Name} d on d.id = s.id
                where s.id = $1 and s.type = $2
                """,
                snapshot)
            {
                Parameters =
                {
                    new() { Value = stream },
                    new() { Value = TState.StreamType },
                },
            })
        {
            await using var reader = await command.ExecuteReaderAsync(ct);
            if (!await reader.ReadAsync(ct))
            {
                return [];
            }

            (version, stored) = (reader.GetInt64(0), reader.IsDBNull(1) ? null : reader.GetString(1));
        }

        TState? state = null;
        await foreach (var page in log.ReadStreamAsync(stream, long.MaxValue, ct))
        {
            state = page.Where(e => e.Version <= version).Aggregate(state, (s, e) => TState.Fold(s, stream, e.Data, e.Timestamp));
        }

        // OfStreamsAsync finds a lost state, without the events.
        return state is null || stored is null ? [] : [.. Compare(stream, state, stored), .. await LookupsAsync(snapshot, [state], ct)];
    }

    public override async Task<IReadOnlyList<Difference>> RepairAsync(NpgsqlTransaction transaction, Guid stream, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(transaction);
        if (!await LockStreamAsync(transaction, stream, ct))
        {
            return [];
        }

        TState? state = null;
        await foreach (var page in log.ReadStreamAsync(stream, long.MaxValue, ct))
        {
            state = page.Aggregate(state, (s, e) => TState.Fold(s, stream, e.Data, e.Timestamp));
        }

        List<Difference> found = [.. Compare(stream, state!, await ReadStateAsync(transaction, stream, ct))];
        if (found.Count > 0)
        {
            await WriteStateAsync(transaction, stream, state!, ct);
        }

        foreach (var (lookup, document, json) in Lookups(state!))
        {
            await using var write = new NpgsqlCommand(
                $"insert into {lookup.Name} (id, data, mt_dotnet_type) values ($1, $2, $3) on conflict (id) do nothing",
                transaction.Connection!,
                transaction);
            write.Parameters.Add(new() { Value = lookup.Id(document) });
            write.Parameters.Add(new() { Value = json, NpgsqlDbType = NpgsqlDbType.Jsonb });
            write.Parameters.Add(new() { Value = lookup.Document.FullName! });
            if (await write.ExecuteNonQueryAsync(ct) > 0)
            {
                found.Add(new(Name, TableOf(lookup), stream, json, null));
            }
        }

        return found;
    }

    /// <summary>Locks a stream, so that a command on it waits and then starts from the repaired state.</summary>
    /// <returns>False if the stream does not exist or is of another kind.</returns>
    private static async Task<bool> LockStreamAsync(NpgsqlTransaction transaction, Guid stream, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(
            $"select version from {SchemaNames.Events}.mt_streams where id = $1 and type = $2 for update",
            transaction.Connection!,
            transaction)
        { Parameters = { new() { Value = stream }, new() { Value = TState.StreamType } } };
        return await command.ExecuteScalarAsync(ct) is not null;
    }

    private async Task<string?> ReadStateAsync(NpgsqlTransaction transaction, Guid stream, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(
            $"select data::text from {_table.Name} where id = $1", transaction.Connection!, transaction)
        { Parameters = { new() { Value = stream } } };
        return (string?)await command.ExecuteScalarAsync(ct);
    }

    private async Task WriteStateAsync(NpgsqlTransaction transaction, Guid stream, TState state, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(
            $"""
            insert into {_table.Name} as d (id, data, mt_version, mt_dotnet_type) values ($1, $2, $3, $4)
            on conflict (id) do update set
                data = excluded.data, mt_version = excluded.mt_version, mt_last_modified = transaction_timestamp()
            """,
            transaction.Connection!,
            transaction);
        command.Parameters.Add(new() { Value = stream });
        command.Parameters.Add(new() { Value = Json(state), NpgsqlDbType = NpgsqlDbType.Jsonb });
        command.Parameters.Add(new() { Value = state.Version });
        command.Parameters.Add(new() { Value = typeof(TState).FullName! });
        await command.ExecuteNonQueryAsync(ct);
    }

    /// <summary>Reads the streams of this kind together with the stored states, including states without a stream.</summary>
    private async Task<List<(Guid Id, bool StreamExists, string? Stored)>> StoredAsync(
        NpgsqlConnection snapshot, StreamSelection streams, CancellationToken ct)
    {
        await using var command = streams.Command(snapshot,
            $"""
            select coalesce(s.id, d.id), s.id is not null, d.data::text
            from (select id from {SchemaNames.Events}.mt_streams where {streams.On("id")} and type = $3) s
            full join (select id, data from {_table.Name} where {streams.On("id")}) d on d.id = s.id
            """, TState.StreamType);
        await using var reader = await command.ExecuteReaderAsync(ct);
        var stored = new List<(Guid, bool, string?)>();
        while (await reader.ReadAsync(ct))
        {
            stored.Add((reader.GetGuid(0), reader.GetBoolean(1), reader.IsDBNull(2) ? null : reader.GetString(2)));
        }

        return stored;
    }

    private IEnumerable<Difference> Compare(Guid id, TState state, string? stored)
    {
        var expected = Json(state);
        if (stored is null || !IsSameState(expected, stored))
        {
            yield return new(Name, State, id, expected, stored);
        }
    }

    private async Task<IReadOnlyList<Difference>> LookupsAsync(
        NpgsqlConnection snapshot, IReadOnlyList<TState> states, CancellationToken ct)
    {
        var differences = new List<Difference>();
        foreach (
            var lookup in states.SelectMany(s => Lookups(s).Select(l => (State: s, l.Table, l.Document, l.Json))).GroupBy(l => l.Table))
        {
            var found = new Dictionary<string, string>(StringComparer.Ordinal);
            await using (
                var command = new NpgsqlCommand($"select id::text, data::text from {lookup.Key.Name} where id = any($1)", snapshot))
            {
                command.Parameters.Add(
                    lookup.Key.IdType == NpgsqlDbType.Uuid
                        ? new() { Value = lookup.Select(l => (Guid)lookup.Key.Id(l.Document)).ToArray() }
                        : new()
                        {
                            Value = lookup.Select(l => (string)lookup.Key.Id(l.Document)).ToArray(),
                            NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Varchar,
                        });
                await using var reader = await command.ExecuteReaderAsync(ct);
                while (await reader.ReadAsync(ct))
                {
                    found[reader.GetString(0)] = reader.GetString(1);
                }
            }

            foreach (var (state, table, document, json) in lookup)
            {
                var stored = found.GetValueOrDefault(table.Id(document).ToString()!);
                if (stored is null || !IsSame(json, stored))
                {
                    differences.Add(new(Name, TableOf(table), state.Id, json, stored));
                }
            }
        }

        return differences;
    }

    private IEnumerable<(DocumentTable Table, object Document, string Json)> Lookups(TState state) =>
        rules
            .LookupDocuments(null, state)
            .Select(d => (DocumentTable.Of(store.Options, d.GetType()), d, store.Options.Serializer().ToJson(d)));

    /// <summary>
    /// Whether this version of the bank reads an equal state from it; an earlier version may have written it differently.
    /// </summary>
    private bool IsSameState(string expected, string stored)
    {
        try
        {
            using var bytes = new MemoryStream(Encoding.UTF8.GetBytes(stored));
            return IsSame(expected, Json(store.Options.Serializer().FromJson<TState>(bytes)));
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private string Json(TState state) => store.Options.Serializer().ToJson(state);

    /// <summary>The table name without Marten's prefix: account_number for mt_doc_account_number.</summary>
    private static string TableOf(DocumentTable table) =>
        table.Name[(table.Name.IndexOf("mt_doc_", StringComparison.Ordinal) + "mt_doc_".Length)..];

    /// <summary>Compares JSON values, because jsonb keeps neither the order of members nor the spelling of numbers.</summary>
    private static bool IsSame(string one, string other)
    {
        using var first = JsonDocument.Parse(one);
        using var second = JsonDocument.Parse(other);
        return JsonElement.DeepEquals(first.RootElement, second.RootElement);
    }
}

/// <summary>A comparison of stored states, which can be repaired from the log.</summary>
public abstract class StateComparison : StoredComparison
{
    /// <summary>The table name of a stored state in a difference.</summary>
    public const string State = "state";

    /// <summary>Repairs the stored state of a stream, and its missing lookup documents, from the log.</summary>
    /// <returns>The differences; empty if there were none or the stream is of another kind.</returns>
    public abstract Task<IReadOnlyList<Difference>> RepairAsync(NpgsqlTransaction transaction, Guid stream, CancellationToken ct);
}
