using System.Globalization;
using System.Text.Json;
using Banking.Commands.Receipts;
using Banking.EventStore.Log;
using Banking.EventStore.Storage;
using Banking.EventStore.Streams;
using Marten;
using Npgsql;

namespace Banking.Commands.Groups;

/// <summary>
/// Locks the streams of a group and reads what its decisions need. This takes one round trip, and another one for states whose cached
/// version is not the current one.
/// </summary>
internal sealed class GroupLoader<TState>(IDocumentStore store, EventReader events, StateCache<TState> known, EarlierReceipts earlier)
    where TState : class, IEventSourced<TState>
{
    private static readonly string EventTable = $"{SchemaNames.Events}.mt_events";

    /// <summary>
    /// Each stream with its version and its last event. If the statement waited for a lock, the version is current but the last event is
    /// looked up in the older snapshot. It is null then, and the state is read again.
    /// </summary>
    private static readonly string Find =
        "select s.id, s.version, "
        + $"(select e.id from {EventTable} e where e.stream_id = s.id and e.version = s.version and not e.is_archived) "
        + $"from {SchemaNames.Events}.mt_streams s where s.id = any($1) and s.type = '{TState.StreamType}' and not s.is_archived";

    /// <summary>
    /// Locks in the order of the ids, so that groups on two hosts that need the same streams queue instead of deadlocking.
    /// </summary>
    private static readonly string Lock = Find + " order by s.id for update";

    private readonly FoldStart<TState> _start = new(store);

    private readonly string _states =
        $"select data, {StoredStates.LastEventColumn} from {StateTable(store)} "
        + $"where id = any($1) and {StoredStates.LastEventColumn} is not null";

    /// <summary>The states made by the last events of the streams, read with a snapshot taken under the locks.</summary>
    private readonly string _current =
        $"select d.data, e.id from {StateTable(store)} d join {SchemaNames.Events}.mt_streams s on s.id = d.id "
        + $"join {EventTable} e on e.stream_id = s.id and e.version = s.version and not e.is_archived "
        + $"and e.id = d.{StoredStates.LastEventColumn} where d.id = any($1)";

    /// <summary>Streams are contended when more than one in this many was moved or locked by another host.</summary>
    private const int ContendedShare = 8;

    /// <summary>
    /// Whether other hosts moved or locked so many streams of the last group that the groups of this host and theirs must expect to meet
    /// at the locks.
    /// </summary>
    private volatile bool _contended;

    /// <inheritdoc cref="_contended"/>
    public bool IsContended => _contended;

    /// <summary>Locks and reads streams that have no commands of their own in this group.</summary>
    public Task<Loaded<TState>> LoadAsync(NpgsqlTransaction transaction, Guid[] ids) => LoadAsync(transaction, ids, [], null, Lock);

    /// <summary>Reads streams without locking them, as they are now.</summary>
    public Task<Loaded<TState>> ReadAsync(NpgsqlTransaction transaction, Guid[] ids) => LoadAsync(transaction, ids, [], null, Find);

    /// <param name="waitFor">Streams whose locks are waited for while streams are contended; null for all.</param>
    public Task<Loaded<TState>> LoadAsync(
        NpgsqlTransaction transaction, IReadOnlyList<Submission<TState>> submissions, IReadOnlySet<Guid>? waitFor) =>
        LoadAsync(transaction, [.. submissions.SelectMany(s => s.Streams).Distinct()], submissions, waitFor, Lock);

    private async Task<Loaded<TState>> LoadAsync(
        NpgsqlTransaction transaction, Guid[] ids, IReadOnlyList<Submission<TState>> submissions, IReadOnlySet<Guid>? waitFor, string find)
    {
        var keys = submissions.SelectMany(s => s.FormerReceiptIds.Prepend(s.ReceiptId)).Distinct().ToArray();
        var unknown = Array.FindAll(ids, id => known.Find(id) is null);
        // The group holds no locks before this statement, and statements that skip locked rows cannot deadlock.
        var skipping = waitFor is null || !_contended ? [] : Array.FindAll(ids, id => !waitFor.Contains(id));
        var ends = new Dictionary<Guid, StreamEnd>(ids.Length);
        var receipts = new Dictionary<Guid, ReceivedReceipt>();
        var stored = new Dictionary<Guid, StoredState<TState>>();
        void End(NpgsqlDataReader row) => ends[row.GetGuid(0)] = new(row.GetInt64(1), row.IsDBNull(2) ? null : row.GetGuid(2));
        // Streams that exist but are locked by another host, or by a query of the past that waits for their writers. A cached stream is
        // known to exist.
        var locked = new HashSet<Guid>(skipping.Except(unknown));
        // Receipts and states have statements of their own: waiting for a lock does not refresh the snapshot of the statement that
        // waits.
        await new RoundTrip(transaction)
            .Add(find, skipping.Length == 0 ? ids : [.. ids.Except(skipping)], End)
            .Add(Lock + " skip locked", skipping, End)
            .Add(Find, [.. skipping.Intersect(unknown)], row => locked.Add(row.GetGuid(0)))
            .Add(ReceiptTable.Select, keys, row => Add(receipts, row))
            .Add(_states, unknown, row => Add(stored, row))
            .RunAsync();

        receipts = await CallersReceiptsAsync(submissions, receipts);
        var (states, outdated, moved) = Current(ends, stored);
        locked.ExceptWith(ends.Keys);
        stored.Clear();
        await new RoundTrip(transaction).Add(_current, outdated, row => Add(stored, row)).RunAsync();
        var unreadable = new Dictionary<Guid, UnreadableEventException>();
        foreach (var id in outdated)
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

        _contended = (moved + locked.Count) * ContendedShare > ends.Count + locked.Count;
        return new(states, ends.ToDictionary(e => e.Key, e => e.Value.Version), receipts, locked) { Unreadable = unreadable };
    }

    private static string StateTable(IDocumentStore store) => DocumentTable.Of(store.Options, typeof(TState)).Name;

    /// <summary>Selects for each stream the state made by its last event: the cached one, otherwise the stored one.</summary>
    /// <returns>Also the streams that have neither, and the number of streams that another host has moved: their cached version differs.
    /// </returns>
    private (States<TState> States, Guid[] Outdated, int Moved) Current(
        Dictionary<Guid, StreamEnd> ends, Dictionary<Guid, StoredState<TState>> stored)
    {
        var states = new States<TState>();
        var outdated = new List<Guid>();
        var moved = 0;
        foreach (var (id, end) in ends)
        {
            var cached = known.Find(id);
            moved += cached is not null && cached.State.Version != end.Version ? 1 : 0;
            if ((end.IsOf(cached) ? cached : stored.GetValueOrDefault(id)) is { } found && end.IsOf(found))
            {
                states.Set(found.State);
            }
            else
            {
                outdated.Add(id);
            }
        }

        return (states, [.. outdated], moved);
    }

    /// <summary>Selects for each command the receipt of its caller, found under the current scope or one of earlier versions.</summary>
    private async Task<Dictionary<Guid, ReceivedReceipt>> CallersReceiptsAsync(
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
        var areVisible = await earlier.AreVisibleAsync([.. asked.Select(c => (c.Receipt.Receipt, c.Context))]);
        foreach (var ((receipt, _, id), isVisible) in asked.Zip(areVisible))
        {
            // If the owner cannot be found out, the receipt counts: refusing a command is safe, applying it twice is not.
            if (isVisible != false)
            {
                ofCallers.TryAdd(id, receipt with { IsUnclaimed = isVisible is null });
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
            // This version of the bank cannot read the state: it counts as missing and is folded.
        }
    }

    /// <summary>
    /// Folds a state that is missing or is not that of the stream's last event. If an event of the stream is missing or cannot be read,
    /// commands on this stream cannot be decided; the other commands of the group can.
    /// </summary>
    private async Task FoldAsync(
        NpgsqlTransaction transaction, Guid id, long version, States<TState> states, Dictionary<Guid, UnreadableEventException> unreadable)
    {
        try
        {
            var from = await _start.FindAsync(transaction.Connection!, id, CancellationToken.None);
            var read = await events.StreamAsync(transaction.Connection!, id, from, CancellationToken.None);
            if (from - 1 + read.Count != version)
            {
                var missing = new InvalidOperationException(
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"Stream {id} is at version {version}, but the log holds {read.Count} of its events from version {from} on."));
                throw read.Count > 0
                    ? new UnreadableEventException(read[^1], missing)
                    : new UnreadableEventException(0, id, TState.StreamType, missing);
            }

            states.Put(id, StreamFold.Of<TState>(id, read));
        }
        catch (UnreadableEventException failure)
        {
            unreadable[id] = failure;
        }
    }

    /// <param name="LastEvent">Null if the lock was waited for, or if the event is missing.</param>
    private readonly record struct StreamEnd(long Version, Guid? LastEvent)
    {
        public bool IsOf(StoredState<TState>? stored) =>
            stored is not null && stored.LastEvent == LastEvent && stored.State.Version == Version;
    }
}
