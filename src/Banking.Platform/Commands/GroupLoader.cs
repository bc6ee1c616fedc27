using Banking.Platform.EventSourcing;
using Marten;
using Npgsql;
using NpgsqlTypes;

namespace Banking.Platform.Commands;

/// <summary>What a group starts from.</summary>
/// <param name="Locked">Streams that another host is at, and that were not waited for.</param>
internal sealed record Loaded<TState>(
    States<TState> States, IReadOnlyDictionary<Guid, long> Versions, Dictionary<Guid, ReceivedReceipt> Receipts, IReadOnlySet<Guid> Locked)
    where TState : class, IEventSourced<TState>;

/// <summary>A receipt found in the database, with the position its answer told.</summary>
internal sealed record ReceivedReceipt(Receipt Receipt, long? Position)
{
    /// <summary>Where the receipt was made in this very group: its event, whose position is known after the commit.</summary>
    public EventEnvelope? Event { get; init; }
}

/// <summary>Locks the streams of a group and finds what its decisions need: in one round trip, and another where other hosts have moved what is remembered.</summary>
internal sealed class GroupLoader<TState>(IDocumentStore store, KnownStates<TState> known)
    where TState : class, IEventSourced<TState>
{
    private static readonly string Find = $"select id, version from {PlatformModule.EventSchema}.mt_streams where id = any($1) and type = '{TState.StreamType}' and not is_archived";

    /// <summary>In the order of the ids: two groups on two nodes that want the same streams then queue, where they would else deadlock.</summary>
    private static readonly string Lock = Find + " order by id for update";

    private readonly string _receipts = ReceiptTable.Select(store.Options.Events.DatabaseSchemaName);

    private readonly string _states = $"select data from {DocumentTable.Of(store.Options, typeof(TState)).Name} where id = any($1)";

    /// <summary>One stream in so many.</summary>
    private const int Contended = 8;

    /// <summary>Whether so much of the last group had been moved by other hosts, or was locked by them, that groups of theirs and this one's are bound to meet at the locks.</summary>
    private volatile bool _contended;

    /// <inheritdoc cref="_contended"/>
    public bool IsContended => _contended;

    /// <param name="waitFor">The streams whose locks are waited for where other hosts are bound to be met; null for all.</param>
    public async Task<Loaded<TState>> LoadAsync(
        NpgsqlTransaction transaction, IReadOnlyList<Submission<TState>> submissions, IReadOnlySet<Guid>? waitFor)
    {
        var ids = submissions.SelectMany(s => s.Streams).Distinct().ToArray();
        var keys = submissions.Select(s => s.ReceiptId).Distinct().ToArray();
        var unknown = Array.FindAll(ids, id => known.Find(id) is null);
        // Nothing is held yet while it waits, and what does not wait cannot be part of a deadlock.
        var passing = waitFor is null || !_contended ? [] : Array.FindAll(ids, id => !waitFor.Contains(id));
        await using var batch = new NpgsqlBatch(transaction.Connection, transaction)
        {
            BatchCommands = { new(Lock) { Parameters = { Uuids(passing.Length == 0 ? ids : [.. ids.Except(passing)]) } } },
        };
        if (passing.Length > 0)
        {
            batch.BatchCommands.Add(new(Lock + " skip locked") { Parameters = { Uuids(passing) } });
            batch.BatchCommands.Add(new(Find) { Parameters = { Uuids(passing) } });
        }

        // Statements of their own: a lock that was waited for does not refresh the snapshot of the statement that waited.
        batch.BatchCommands.Add(new(_receipts) { Parameters = { Uuids(keys) } });
        if (unknown.Length > 0)
        {
            batch.BatchCommands.Add(new(_states) { Parameters = { Uuids(unknown) } });
        }

        var versions = new Dictionary<Guid, long>(ids.Length);
        var found = new Dictionary<Guid, long>();
        var receipts = new Dictionary<Guid, ReceivedReceipt>();
        var stored = new States<TState>();
        await using (var reader = await batch.ExecuteReaderAsync())
        {
            await ReadAsync(reader, versions);
            if (passing.Length > 0)
            {
                await reader.NextResultAsync();
                await ReadAsync(reader, versions);
                await reader.NextResultAsync();
                await ReadAsync(reader, found);
            }

            await reader.NextResultAsync();
            while (await reader.ReadAsync())
            {
                var (receipt, position) = ReceiptTable.Read(reader);
                receipts[receipt.Id] = new(receipt, position);
            }

            await reader.NextResultAsync();
            await ReadAsync(reader, stored);
        }

        // There, and not to be had: another host is at it, or somebody who waits for its writers to finish before asking for the past.
        var locked = found.Keys.Where(id => !versions.ContainsKey(id)).ToHashSet();
        return new(await StatesAsync(transaction, versions, stored, locked.Count), versions, receipts, locked);
    }

    /// <summary>Each state at the version of its stream: as this host remembers it, else as it is stored, else folded anew.</summary>
    private async Task<States<TState>> StatesAsync(NpgsqlTransaction transaction, Dictionary<Guid, long> versions, States<TState> stored, int locked)
    {
        var states = new States<TState>();
        var late = new List<Guid>();
        var moved = 0;
        foreach (var (id, version) in versions)
        {
            var remembered = known.Find(id);
            moved += remembered is not null && remembered.Version != version ? 1 : 0;
            if ((remembered?.Version == version ? remembered : stored.Find(id)) is { } state && state.Version == version)
            {
                states.Set(state);
            }
            else
            {
                late.Add(id);
            }
        }

        _contended = (moved + locked) * Contended > versions.Count + locked;
        if (late.Count > 0)
        {
            await using (var batch = new NpgsqlBatch(transaction.Connection, transaction) { BatchCommands = { new(_states) { Parameters = { Uuids([.. late]) } } } })
            await using (var reader = await batch.ExecuteReaderAsync())
            {
                await ReadAsync(reader, states);
            }

            await RefoldStaleAsync(transaction, states, versions);
        }

        return states;
    }

    private static async Task ReadAsync(NpgsqlDataReader reader, Dictionary<Guid, long> versions)
    {
        while (await reader.ReadAsync())
        {
            versions[reader.GetGuid(0)] = reader.GetInt64(1);
        }
    }

    private async Task ReadAsync(NpgsqlDataReader reader, States<TState> states)
    {
        while (await reader.ReadAsync())
        {
            states.Set(store.Options.Serializer().FromJson<TState>(reader, 0));
        }
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

    private static NpgsqlParameter Uuids(Guid[] ids) => new() { Value = ids, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Uuid };
}
