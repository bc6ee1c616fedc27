using System.Text.Json;
using Banking.Platform.EventSourcing;
using Banking.Platform.Following;
using Marten;
using Npgsql;

namespace Banking.Platform.Commands;

/// <summary>What a group starts from.</summary>
/// <param name="Locked">Streams that another host is at, and that were not waited for.</param>
internal sealed record Loaded<TState>(
    States<TState> States, IReadOnlyDictionary<Guid, long> Versions, Dictionary<Guid, ReceivedReceipt> Receipts, IReadOnlySet<Guid> Locked)
    where TState : class, IEventSourced<TState>
{
    /// <summary>Streams whose state would have to be folded from an event that cannot be read.</summary>
    public required IReadOnlyDictionary<Guid, UnreadableEventException> Unreadable { get; init; }
}

/// <summary>A receipt found in the database, with the position its answer told.</summary>
internal sealed record ReceivedReceipt(Receipt Receipt, long? Position)
{
    /// <summary>Where the receipt was made in this very group: its event, whose position is known after the commit.</summary>
    public EventEnvelope? Event { get; init; }
}

/// <summary>Locks the streams of a group and finds what its decisions need: in one round trip, and another where a state is not remembered as its stream is.</summary>
internal sealed class GroupLoader<TState>(IDocumentStore store, EventReader events, KnownStates<TState> known)
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
        var versions = new Dictionary<Guid, long>(ids.Length);
        var receipts = new Dictionary<Guid, ReceivedReceipt>();
        var stored = new States<TState>();
        void Version(NpgsqlDataReader row) => versions[row.GetGuid(0)] = row.GetInt64(1);
        // There, and not to be had: another host is at it, or somebody who waits for its writers to finish before asking for the past. What is remembered is there.
        var locked = new HashSet<Guid>(passing.Except(unknown));
        // Receipts and states are asked for by themselves: a lock that was waited for does not refresh the snapshot of the statement that waited.
        await new RoundTrip(transaction)
            .Ask(Lock, passing.Length == 0 ? ids : [.. ids.Except(passing)], Version)
            .Ask(Lock + " skip locked", passing, Version)
            .Ask(Find, [.. passing.Intersect(unknown)], row => locked.Add(row.GetGuid(0)))
            .Ask(_receipts, keys, row => Add(receipts, row))
            .Ask(_states, unknown, row => Add(stored, row))
            .RunAsync();

        var (states, late, moved) = Current(versions, stored);
        locked.ExceptWith(versions.Keys);
        await new RoundTrip(transaction).Ask(_states, late, row => Add(states, row)).RunAsync();
        var unreadable = late.Length > 0 ? await RefoldStaleAsync(transaction, states, versions) : [];

        _contended = (moved + locked.Count) * Contended > versions.Count + locked.Count;
        return new(states, versions, receipts, locked) { Unreadable = unreadable };
    }

    /// <summary>Each state at the version of its stream, as this host remembers it, else as it was stored.</summary>
    /// <returns>Besides, the streams for which neither is there, and how many are remembered at another version: those another host has moved.</returns>
    private (States<TState> States, Guid[] Late, int Moved) Current(Dictionary<Guid, long> versions, States<TState> stored)
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

        return (states, [.. late], moved);
    }

    private static void Add(Dictionary<Guid, ReceivedReceipt> receipts, NpgsqlDataReader row)
    {
        var (receipt, position) = ReceiptTable.Read(row);
        receipts[receipt.Id] = new(receipt, position);
    }

    private void Add(States<TState> states, NpgsqlDataReader row)
    {
        try
        {
            states.Set(store.Options.Serializer().FromJson<TState>(row, 0));
        }
        catch (JsonException)
        {
            // No state that this version of the bank can read: the same as none, and folded anew.
        }
    }

    /// <summary>A stored state is a cache. One that is missing or does not stand where its stream stands is folded anew.</summary>
    /// <returns>The streams that cannot be, because of an event of theirs: the others of the group go on.</returns>
    private async Task<Dictionary<Guid, UnreadableEventException>> RefoldStaleAsync(
        NpgsqlTransaction transaction, States<TState> states, Dictionary<Guid, long> versions)
    {
        var unreadable = new Dictionary<Guid, UnreadableEventException>();
        foreach (var id in versions.Where(v => states.Find(v.Key)?.Version != v.Value).Select(v => v.Key).ToList())
        {
            try
            {
                states.Put(id, StreamFold.Of<TState>(id, await events.StreamAsync(transaction.Connection!, id, CancellationToken.None)));
            }
            catch (UnreadableEventException failure)
            {
                states.Put(id, null);
                unreadable[id] = failure;
            }
        }

        return unreadable;
    }
}
