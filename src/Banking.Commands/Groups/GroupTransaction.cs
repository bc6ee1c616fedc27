using Banking.Commands.Decisions;
using Banking.Commands.Due;
using Banking.Commands.Messages;
using Banking.Commands.Periods;
using Banking.Commands.Receipts;
using Banking.EventStore.Appending;
using Banking.EventStore.Log;
using Banking.EventStore.Storage;
using Banking.EventStore.Streams;
using Banking.EventStore.Versions;
using Marten;
using Marten.Services;
using Npgsql;

namespace Banking.Commands.Groups;

/// <summary>
/// Decides a group of commands one after the other and stores the result in one transaction: events, states, receipts and refusals. Each
/// decision sees the changes of the ones before it in the group.
/// </summary>
public sealed class GroupTransaction<TState>
    where TState : class, IEventSourced<TState>
{
    private readonly IDocumentStore _store;
    private readonly CommandConnections _connections;
    private readonly TimeProvider _clock;
    private readonly GroupRules<TState> _rules;
    private readonly MessageOutbox _outbox;
    private readonly DueSignal _due;
    private readonly EventVersions _versions;
    private readonly StateCache<TState> _cache = new();
    private readonly GroupLoader<TState> _loader;
    private readonly ITimelineSource<TState>? _timelines;
    private readonly ICommitCheck<TState>? _check;
    private readonly IClosedPeriods? _periods;

    /// <param name="timelines">Source of timelines, for states with commands that are decided by the past.</param>
    /// <param name="check">Check before the commit, for states that have one.</param>
    /// <param name="periods">The closed periods, for commands that book in the past; null for a bank without periods.</param>
    public GroupTransaction(
        IDocumentStore store,
        CommandConnections connections,
        EventReader events,
        TimeProvider clock,
        GroupRules<TState> rules,
        EarlierReceipts earlier,
        MessageOutbox outbox,
        DueSignal due,
        EventVersions versions,
        ITimelineSource<TState>? timelines = null,
        ICommitCheck<TState>? check = null,
        IClosedPeriods? periods = null)
    {
        (_store, _connections, _clock, _rules, _outbox, _due, _versions, _timelines, _check, _periods) =
            (store, connections, clock, rules, outbox, due, versions, timelines, check, periods);
        _loader = new(store, events, _cache, earlier);
        connections.Connected += _cache.Forget;
    }

    /// <summary>Whether other hosts use the same streams.</summary>
    public bool IsContended => _loader.IsContended;

    /// <summary>
    /// Decides the units and returns their outcomes, in the order of the units. The commands of a unit are stored all or none. Throws if
    /// nothing of the group was stored, or if that is in doubt.
    /// </summary>
    /// <param name="waitFor">Locks to wait for while other hosts use the same streams; null to wait for all. A unit that needs any other
    /// locked stream is deferred; its outcome is null.</param>
    public async Task<IReadOnlyList<IReadOnlyList<Outcome>?>> RunAsync(
        IReadOnlyList<IReadOnlyList<Submission<TState>>> units, IReadOnlySet<Guid>? waitFor)
    {
        await using var connection = await _connections.OpenAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        var loaded = await _loader.LoadAsync(transaction, [.. units.SelectMany(u => u)], waitFor);
        var isDeferred = FindDeferred(units, loaded.Locked);
        if (isDeferred.All(s => s))
        {
            return [.. units.Select(_ => (IReadOnlyList<Outcome>?)null)];
        }

        await AttachTimelinesAsync(transaction, units.SelectMany(u => u), loaded);
        var decided = units.Where((_, i) => !isDeferred[i]).ToList();
        var joinedStreams = await JoinedMemories.LoadAsync(transaction, decided.SelectMany(u => u).Select(s => s.Joined));

        await LockPeriodsAsync(transaction, decided.SelectMany(u => u), loaded);

        // Read the clock after taking the locks: a query of the past waits for these locks, so that its answer never changes.
        var now = RecordedTime.Now(_clock);

        await using var session = _store.LightweightSession(SessionOptions.ForTransaction(transaction));
        var memory = new GroupMemory<TState>(session, loaded, _versions);
        var joined = joinedStreams(session);
        var work = new GroupWork<TState>(memory, joined, now, _clock);
        IReadOnlyList<StoredState<TState>> moved;
        RoutedMessages? messages;
        try
        {
            decided.ForEach(work.Decide);

            moved = memory.Store((StoreOptions)_store.Options, _rules);
            joined.Store();
            messages = memory.Messages.Count == 0 ? null : await _outbox.StoreAsync(session, memory.Messages);
            await session.SaveChangesAsync();
            await CheckAsync(transaction, memory);
        }
        catch (Exception failure) when (units is [[var only]] && FindRefusal(failure) is { } refusal)
        {
            return [[GroupOutcomes.Rejected(only.Context, refusal)]];
        }

        await CommitAsync(transaction, messages);
        _due.WrittenIf(memory.HasDueCommands);
        _cache.Remember(_timelines is null ? moved : moved.Select(Detached));
        var outcomes = new Queue<IReadOnlyList<Outcome>>(work.Outcomes());
        return [.. isDeferred.Select(s => s ? null : outcomes.Dequeue())];
    }

    /// <summary>Reads up to when the books are closed, for commands that book in the past. Nothing is closed until the commit.</summary>
    private async Task LockPeriodsAsync(NpgsqlTransaction transaction, IEnumerable<Submission<TState>> decided, Loaded<TState> loaded)
    {
        if (_periods is not null && decided.Any(s => s.BooksPast && !loaded.Receipts.ContainsKey(s.ReceiptId)))
        {
            loaded.States.OpenFrom = await _periods.LockAsync(transaction, CancellationToken.None);
        }
    }

    /// <summary>Throws if a rule over what all groups have stored refuses this one.</summary>
    private async Task CheckAsync(NpgsqlTransaction transaction, GroupMemory<TState> memory)
    {
        if (_check is not null && await _check.CheckAsync(transaction, memory.Events) is { } refusal)
        {
            throw new GroupRefusedException(refusal);
        }
    }

    /// <summary>The refusal that a failure of the database stands for; null if it stands for none.</summary>
    private Refusal? FindRefusal(Exception failure) => failure is GroupRefusedException refused ? refused.Refusal
        : Failures.DuplicateDocument(failure) is { } document ? _rules.OnDuplicate(document)
        : null;

    /// <summary>Removes the timeline of a state. Nearly every state has none, and is not copied.</summary>
    private StoredState<TState> Detached(StoredState<TState> stored)
    {
        var state = _timelines!.Detach(stored.State);
        return ReferenceEquals(state, stored.State) ? stored : stored with { State = state };
    }

    /// <summary>Attaches the timelines that commands need, under the locks.</summary>
    private async Task AttachTimelinesAsync(
        NpgsqlTransaction transaction, IEnumerable<Submission<TState>> submissions, Loaded<TState> loaded)
    {
        var since = new Dictionary<Guid, DateTimeOffset>();
        foreach (
            var (id, from) in submissions.Where(s => s.Past.Count > 0 && !loaded.Receipts.ContainsKey(s.ReceiptId)).SelectMany(s => s.Past))
        {
            since[id] = since.TryGetValue(id, out var earlier) && earlier < from ? earlier : from;
        }

        foreach (var (id, from) in since)
        {
            if (loaded.States.Find(id) is not { } state)
            {
                continue;
            }

            try
            {
                loaded.States.Set(await _timelines!.AttachAsync(transaction, state, from));
            }
            catch (UnreadableEventException failure)
            {
                loaded.Unreadable[id] = failure;
            }
        }
    }

    /// <summary>Marks the units that need a locked stream, and those that need a stream of an earlier deferred unit.</summary>
    private static bool[] FindDeferred(IReadOnlyList<IReadOnlyList<Submission<TState>>> units, IReadOnlySet<Guid> locked)
    {
        var wanted = new HashSet<Guid>(locked);
        var isDeferred = new bool[units.Count];
        for (var i = 0; locked.Count > 0 && i < units.Count; i++)
        {
            isDeferred[i] = units[i].Any(s => wanted.Overlaps(s.Streams));
            if (isDeferred[i])
            {
                wanted.UnionWith(units[i].SelectMany(s => s.Streams));
            }
        }

        return isDeferred;
    }

    private async Task CommitAsync(NpgsqlTransaction transaction, RoutedMessages? messages)
    {
        try
        {
            await Failures.CommitAsync(transaction, CancellationToken.None);
        }
        catch (CommitInDoubtException) when (messages is not null)
        {
            _outbox.SendIfStored(messages);
            throw;
        }

        if (messages is not null)
        {
            _outbox.Send(messages);
        }
    }
}

/// <summary>Rules of a module for the states of a group.</summary>
/// <param name="LookupDocuments">Makes the lookup documents of a state, which must never lag behind it, from the state before (if any)
/// and after.</param>
/// <param name="OnDuplicate">Returns the refusal for a document whose id exists already.</param>
public sealed record GroupRules<TState>(
    Func<TState?, TState, IEnumerable<object>> LookupDocuments,
    Func<Type, Refusal?> OnDuplicate)
    where TState : class, IEventSourced<TState>
{
    /// <summary>Name under which differences of these states are reported; null for the stream type.</summary>
    public string? ComparedAs { get; init; }
}
