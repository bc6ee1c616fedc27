using Banking.Platform.EventSourcing;
using Marten;
using Npgsql;
using NpgsqlTypes;

namespace Banking.Platform.Commands;

/// <summary>What a group starts from.</summary>
internal sealed record Loaded<TState>(States<TState> States, IReadOnlyDictionary<Guid, long> Versions, Dictionary<Guid, ReceivedReceipt> Receipts)
    where TState : class, IEventSourced<TState>;

/// <summary>A receipt found in the database, with the position its answer told.</summary>
internal sealed record ReceivedReceipt(Receipt Receipt, long? Position)
{
    /// <summary>Where the receipt was made in this very group: its event, whose position is known after the commit.</summary>
    public EventEnvelope? Event { get; init; }
}

/// <summary>Locks and loads in one round trip.</summary>
internal sealed class GroupLoader<TState>(IDocumentStore store, KnownStates<TState> known)
    where TState : class, IEventSourced<TState>
{
    private readonly string _lock =
        // In the order of the ids: two groups on two nodes that want the same streams then queue, where they would else deadlock.
        $"select id, version from {store.Options.Events.DatabaseSchemaName}.mt_streams where id = any($1) and type = '{TState.StreamType}' " +
        "and not is_archived order by id for update";

    // A statement of its own: a lock that was waited for does not refresh the snapshot of the statement that waited.
    private readonly string _states =
        "select d.data from unnest($1, $2) as k (id, version) " +
        $"join {DocumentTable.Of(store.Options, typeof(TState)).Name} d on d.id = k.id where d.mt_version is distinct from k.version";

    private readonly string _receipts = ReceiptTable.Select(store.Options.Events.DatabaseSchemaName);

    public async Task<Loaded<TState>> LoadAsync(NpgsqlTransaction transaction, IReadOnlyList<Submission<TState>> submissions)
    {
        var ids = submissions.SelectMany(s => s.Streams).Distinct().ToArray();
        var remembered = System.Array.ConvertAll(ids, known.Find);
        var keys = submissions.Select(s => s.ReceiptId).Distinct().ToArray();
        await using var batch = new NpgsqlBatch(transaction.Connection, transaction)
        {
            BatchCommands =
            {
                new NpgsqlBatchCommand(_lock) { Parameters = { Array(ids, NpgsqlDbType.Uuid) } },
                new NpgsqlBatchCommand(_states)
                {
                    Parameters = { Array(ids, NpgsqlDbType.Uuid), Array(System.Array.ConvertAll(remembered, s => s?.Version), NpgsqlDbType.Bigint) },
                },
                new NpgsqlBatchCommand(_receipts) { Parameters = { Array(keys, NpgsqlDbType.Uuid) } },
            },
        };
        var versions = new Dictionary<Guid, long>();
        var states = new States<TState>();
        var receipts = new Dictionary<Guid, ReceivedReceipt>();
        await using (var reader = await batch.ExecuteReaderAsync())
        {
            while (await reader.ReadAsync())
            {
                versions[reader.GetGuid(0)] = reader.GetInt64(1);
            }

            foreach (var state in remembered)
            {
                if (state is not null && versions.TryGetValue(state.Id, out var version) && version == state.Version)
                {
                    states.Set(state);
                }
            }

            await reader.NextResultAsync();
            while (await reader.ReadAsync())
            {
                var state = store.Options.Serializer().FromJson<TState>(reader, 0);
                if (versions.ContainsKey(state.Id))
                {
                    states.Set(state);
                }
            }

            await reader.NextResultAsync();
            while (await reader.ReadAsync())
            {
                var (receipt, position) = ReceiptTable.Read(reader);
                receipts[receipt.Id] = new(receipt, position);
            }
        }

        await RefoldStaleAsync(transaction, states, versions);
        return new(states, versions, receipts);
    }

    /// <summary>A stored state is a cache. One that is missing or does not stand where its stream stands is folded anew.</summary>
    private async Task RefoldStaleAsync(NpgsqlTransaction transaction, States<TState> states, Dictionary<Guid, long> versions)
    {
        var stale = versions.Where(v => states.Find(v.Key)?.Version != v.Value).Select(v => v.Key).ToList();
        if (stale.Count == 0)
        {
            return;
        }

        // For the transaction: a session for its connection would close it, and the group with it.
        await using var session = store.QuerySession(Marten.Services.SessionOptions.ForTransaction(transaction));
        foreach (var id in stale)
        {
            var events = await session.Events.FetchStreamAsync(id);
            states.Put(id, events.Aggregate((TState?)null, (state, e) => TState.Fold(state, id, e.Data, e.Timestamp)));
        }
    }

    private static NpgsqlParameter Array(object values, NpgsqlDbType type) => new() { Value = values, NpgsqlDbType = NpgsqlDbType.Array | type };
}
