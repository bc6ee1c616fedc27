using System.Globalization;
using System.Text.Json;
using Banking.Commands.Receipts;
using Banking.EventStore.Appending;
using Banking.EventStore.Log;
using Banking.EventStore.Storage;
using Banking.EventStore.Streams;
using Marten;
using Npgsql;

namespace Banking.Commands.Groups;

/// <summary>What a group starts from.</summary>
/// <param name="Locked">Streams that another host is at, and that were not waited for.</param>
internal sealed record Loaded<TState>(
    States<TState> States, IReadOnlyDictionary<Guid, long> Versions, Dictionary<Guid, ReceivedReceipt> Receipts, IReadOnlySet<Guid> Locked)
    where TState : class, IEventSourced<TState>
{
    /// <summary>Streams whose state would have to be folded from an event that cannot be read.</summary>
    public required Dictionary<Guid, UnreadableEventException> Unreadable { get; init; }
}

/// <summary>A receipt found in the database, with the position its answer told.</summary>
internal sealed record ReceivedReceipt(Receipt Receipt, long? Position)
{
    /// <summary>Where the receipt was made in this very group: its event, whose position is known after the commit.</summary>
    public EventEnvelope? Event { get; init; }

    /// <summary>
    /// Whether it was found under a scope of earlier versions, which did not name the customer: then only who may know of the streams gets
    /// it.
    /// </summary>
    public bool IsUnclaimed { get; init; }
}

/// <summary>
/// Locks the streams of a group and finds what its decisions need: in one round trip, and another where a state is not remembered as its
/// stream is.
/// </summary>
internal sealed class GroupLoader<TState>(IDocumentStore store, EventReader events, StateCache<TState> known, EarlierReceipts former)
    where TState : class, IEventSourced<TState>
{
    private static readonly string EventTable = $"{SchemaNames.Events}.mt_events";

    /// <summary>
    /// Each stream with its version and its last event. Where a lock was waited for, the version is that of now, but the last event is
    /// looked up in the snapshot of before: it is null then, and the state is read again.
    /// </summary>
    private static readonly string Find =
        $"select s.id, s.version, (select e.id from {EventTable} e where e.stream_id = s.id and e.version = s.version and not e.is_archived) "
        + $"from {SchemaNames.Events}.mt_streams s where s.id = any($1) and s.type = '{TState.StreamType}' and not s.is_archived";

    /// <summary>
    /// In the order of the ids: two groups on two nodes that want the same streams then queue, where they would else deadlock.
    /// </summary>
    private static readonly string Lock = Find + " order by s.id for update";

    private readonly string _receipts = ReceiptTable.Select(store.Options.Events.DatabaseSchemaName);

    private readonly string _states =
        $"select data, {StoredStates.LastEventColumn} from {StateTable(store)} where id = any($1) and {StoredStates.LastEventColumn} is not null";

    /// <summary>States of the streams' last events, with a snapshot taken under the locks.</summary>
    private readonly string _current =
        $"select d.data, e.id from {StateTable(store)} d join {SchemaNames.Events}.mt_streams s on s.id = d.id "
        + $"join {EventTable} e on e.stream_id = s.id and e.version = s.version and not e.is_archived and e.id = d.{StoredStates.LastEventColumn} where d.id = any($1)";

    /// <summary>One stream in so many.</summary>
    private const int Contended = 8;

    /// <summary>
    /// Whether so much of the last group had been moved by other hosts, or was locked by them, that groups of theirs and this one's are
    /// bound to meet at the locks.
    /// </summary>
    private volatile bool _contended;

    /// <inheritdoc cref="_contended"/>
    public bool IsContended => _contended;

    /// <param name="waitFor">The streams whose locks are waited for where other hosts are bound to be met; null for all.</param>
    public async Task<Loaded<TState>> LoadAsync(
        NpgsqlTransaction transaction, IReadOnlyList<Submission<TState>> submissions, IReadOnlySet<Guid>? waitFor)
    {
        var ids = submissions.SelectMany(s => s.Streams).Distinct().ToArray();
        var keys = submissions.SelectMany(s => s.FormerReceiptIds.Prepend(s.ReceiptId)).Distinct().ToArray();
        var unknown = Array.FindAll(ids, id => known.Find(id) is null);
        // Nothing is held yet while it waits, and what does not wait cannot be part of a deadlock.
        var passing = waitFor is null || !_contended ? [] : Array.FindAll(ids, id => !waitFor.Contains(id));
        var ends = new Dictionary<Guid, StreamEnd>(ids.Length);
        var receipts = new Dictionary<Guid, ReceivedReceipt>();
        var stored = new Dictionary<Guid, StoredState<TState>>();
        void End(NpgsqlDataReader row) => ends[row.GetGuid(0)] = new(row.GetInt64(1), row.IsDBNull(2) ? null : row.GetGuid(2));
        // There, and not to be had: another host is at it, or somebody who waits for its writers to finish before asking for the past. What
        // is remembered is there.
        var locked = new HashSet<Guid>(passing.Except(unknown));
        // Receipts and states are asked for by themselves: a lock that was waited for does not refresh the snapshot of the statement that
        // waited.
        await new RoundTrip(transaction)
            .Ask(Lock, passing.Length == 0 ? ids : [.. ids.Except(passing)], End)
            .Ask(Lock + " skip locked", passing, End)
            .Ask(Find, [.. passing.Intersect(unknown)], row => locked.Add(row.GetGuid(0)))
            .Ask(_receipts, keys, row => Add(receipts, row))
            .Ask(_states, unknown, row => Add(stored, row))
            .RunAsync();

        receipts = await OfCallersAsync(submissions, receipts);
        var (states, late, moved) = Current(ends, stored);
        locked.ExceptWith(ends.Keys);
        stored.Clear();
        await new RoundTrip(transaction).Ask(_current, late, row => Add(stored, row)).RunAsync();
        var unreadable = new Dictionary<Guid, UnreadableEventException>();
        foreach (var id in late)
        {
            if (stored.GetValueOrDefault(id)?.State is { } state && state.Version == ends[id].Version)
            {
                states.Set(state);
            }
            else
            {
                await FoldAsync(transaction, id, ends[id].Version, states, unreadable);
            }
        }

        _contended = (moved + locked.Count) * Contended > ends.Count + locked.Count;
        return new(states, ends.ToDictionary(e => e.Key, e => e.Value.Version), receipts, locked) { Unreadable = unreadable };
    }

    private static string StateTable(IDocumentStore store) => DocumentTable.Of(store.Options, typeof(TState)).Name;

    /// <summary>Each state of its stream's last event, as this host remembers it, else as it was stored.</summary>
    /// <returns>Besides, the streams for which neither is there, and how many are remembered at another version: those another host has
    /// moved.</returns>
    private (States<TState> States, Guid[] Late, int Moved) Current(
        Dictionary<Guid, StreamEnd> ends, Dictionary<Guid, StoredState<TState>> stored)
    {
        var states = new States<TState>();
        var late = new List<Guid>();
        var moved = 0;
        foreach (var (id, end) in ends)
        {
            var remembered = known.Find(id);
            moved += remembered is not null && remembered.State.Version != end.Version ? 1 : 0;
            if ((end.IsOf(remembered) ? remembered : stored.GetValueOrDefault(id)) is { } found && end.IsOf(found))
            {
                states.Set(found.State);
            }
            else
            {
                late.Add(id);
            }
        }

        return (states, [.. late], moved);
    }

    /// <summary>
    /// For each command the receipt of its caller, under the command's own scope: found there, or under one of earlier versions.
    /// </summary>
    private async Task<Dictionary<Guid, ReceivedReceipt>> OfCallersAsync(
        IReadOnlyList<Submission<TState>> submissions, Dictionary<Guid, ReceivedReceipt> found)
    {
        if (found.Count == 0)
        {
            return found;
        }

        var ofCallers = submissions
            .Where(s => found.ContainsKey(s.ReceiptId))
            .DistinctBy(s => s.ReceiptId)
            .ToDictionary(s => s.ReceiptId, s => found[s.ReceiptId]);
        var candidates =
            from submission in submissions
            where !ofCallers.ContainsKey(submission.ReceiptId)
            from id in submission.FormerReceiptIds
            where found.ContainsKey(id)
            select (Receipt: found[id], submission.Context, submission.ReceiptId);
        var asked = candidates.ToList();
        var areOwn = await former.AreOfCallersAsync([.. asked.Select(c => (c.Receipt.Receipt, c.Context))]);
        foreach (var ((receipt, _, id), isOwn) in asked.Zip(areOwn))
        {
            // Where nobody can tell whose it is, it counts: to refuse a command is safe, to do it a second time is not.
            if (isOwn != false)
            {
                ofCallers.TryAdd(id, receipt with { IsUnclaimed = isOwn is null });
            }
        }

        return ofCallers;
    }

    private static void Add(Dictionary<Guid, ReceivedReceipt> receipts, NpgsqlDataReader row)
    {
        var (receipt, position) = ReceiptTable.Read(row);
        receipts[receipt.Id] = new(receipt, position);
    }

    private void Add(Dictionary<Guid, StoredState<TState>> states, NpgsqlDataReader row)
    {
        try
        {
            var state = store.Options.Serializer().FromJson<TState>(row, 0);
            states[state.Id] = new(state, row.GetGuid(1));
        }
        catch (JsonException)
        {
            // No state that this version of the bank can read: the same as none, and folded again.
        }
    }

    /// <summary>
    /// A stored state is a cache. One that is missing, or is not that of its stream's last event, is folded again. Where an event of the
    /// stream cannot be read or is missing there is no state to decide upon; the others of the group go on.
    /// </summary>
    private async Task FoldAsync(
        NpgsqlTransaction transaction, Guid id, long version, States<TState> states, Dictionary<Guid, UnreadableEventException> unreadable)
    {
        try
        {
            var known = await events.StreamAsync(transaction.Connection!, id, CancellationToken.None);
            if (known.Count != version)
            {
                var missing = new InvalidOperationException(
                    string.Create(
                        CultureInfo.InvariantCulture, $"Stream {id} is at version {version}, and the log holds {known.Count} events of it.")
                );
                throw known.Count > 0
                    ? new UnreadableEventException(known[^1], missing)
                    : new UnreadableEventException(0, id, TState.StreamType, missing);
            }

            states.Put(id, StreamFold.Of<TState>(id, known));
        }
        catch (UnreadableEventException failure)
        {
            unreadable[id] = failure;
        }
    }

    /// <param name="LastEvent">Null where the lock was waited for, or the event is missing.</param>
    private readonly record struct StreamEnd(long Version, Guid? LastEvent)
    {
        public bool IsOf(StoredState<TState>? stored) =>
            stored is not null && stored.LastEvent == LastEvent && stored.State.Version == Version;
    }
}
