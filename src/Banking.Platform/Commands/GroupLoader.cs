using System.Data.Common;
using Banking.Platform.EventSourcing;
using Marten;
using Npgsql;
using NpgsqlTypes;

namespace Banking.Platform.Commands;

/// <summary>What a group starts from.</summary>
internal sealed record Loaded<TState>(States<TState> States, IReadOnlyDictionary<Guid, long> Versions, Dictionary<string, ReceivedReceipt> Receipts)
    where TState : class, IEventSourced<TState>;

/// <summary>A receipt found in the database, with the position its answer told.</summary>
internal sealed record ReceivedReceipt(Receipt Receipt, long? Position)
{
    /// <summary>Where the receipt was made in this very group: its event, whose position is known after the commit.</summary>
    public EventEnvelope? Event { get; init; }
}

/// <summary>Locks and loads in one round trip.</summary>
internal sealed class GroupLoader<TState>(IDocumentStore store)
    where TState : class, IEventSourced<TState>
{
    private readonly string _lock =
        // In the order of the ids: two groups on two nodes that want the same streams then queue, where they would else deadlock.
        $"select id, version from {store.Options.Events.DatabaseSchemaName}.mt_streams where id = any($1) and type = '{TState.StreamType}' " +
        "and not is_archived order by id for update";

    // A statement of its own: a lock that was waited for does not refresh the snapshot of the statement that waited.
    private readonly string _states = $"select data from {TableOf<TState>(store)} where id = any($1)";

    private readonly string _receipts =
        $"select r.data, e.seq_id from {TableOf<Receipt>(store)} r left join {store.Options.Events.DatabaseSchemaName}.mt_events e " +
        "on e.id = (r.data ->> 'eventId')::uuid and not e.is_archived where r.id = any($1)";

    public async Task<Loaded<TState>> LoadAsync(NpgsqlTransaction transaction, IReadOnlyList<Submission<TState>> submissions)
    {
        var ids = submissions.SelectMany(s => s.Streams).Distinct().ToArray();
        var keys = submissions.Select(s => s.Context.ReceiptId).Distinct().ToArray();
        await using var batch = new NpgsqlBatch(transaction.Connection, transaction)
        {
            BatchCommands =
            {
                // A lock held by a stuck neighbour must become an answer, not a hanging caller; and a host that dies silently in the middle
                // of a transaction must not be such a neighbour for longer than this.
                new NpgsqlBatchCommand("set local lock_timeout = '5s'"),
                new NpgsqlBatchCommand("set local idle_in_transaction_session_timeout = '15s'"),
                new NpgsqlBatchCommand(_lock) { Parameters = { new() { Value = ids, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Uuid } } },
                new NpgsqlBatchCommand(_states) { Parameters = { new() { Value = ids, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Uuid } } },
                new NpgsqlBatchCommand(_receipts) { Parameters = { new() { Value = keys, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Varchar } } },
            },
        };
        var versions = new Dictionary<Guid, long>();
        var states = new States<TState>();
        var receipts = new Dictionary<string, ReceivedReceipt>();
        await using (var reader = await batch.ExecuteReaderAsync())
        {
            while (await reader.ReadAsync())
            {
                versions[reader.GetGuid(0)] = reader.GetInt64(1);
            }

            await reader.NextResultAsync();
            while (await reader.ReadAsync())
            {
                var state = Read<TState>(reader);
                if (versions.ContainsKey(state.Id))
                {
                    states.Set(state);
                }
            }

            await reader.NextResultAsync();
            while (await reader.ReadAsync())
            {
                var receipt = Read<Receipt>(reader);
                receipts[receipt.Id] = new(receipt, await reader.IsDBNullAsync(1) ? null : reader.GetInt64(1));
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

    private T Read<T>(DbDataReader reader)
        where T : notnull => store.Options.Serializer().FromJson<T>(reader, 0);

    private static string TableOf<T>(IDocumentStore store) => DocumentTable.Of(store.Options, typeof(T)).Name;
}
