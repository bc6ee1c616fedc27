using Banking.Commands.Decisions;
using Banking.Commands.Due;
using Banking.Commands.Messages;
using Banking.Commands.Receipts;
using Banking.EventStore.Appending;
using Banking.EventStore.Log;
using Banking.EventStore.Storage;
using Banking.EventStore.Streams;
using Marten;
using Marten.Services;
using Npgsql;

namespace Banking.Commands.Groups;

/// <summary>
/// Decides a group of commands one after the other and stores all that follows in one transaction: events, states, receipts and
/// refusals. Each decision sees what the ones before it in the group have done.
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
    private readonly StateCache<TState> _known = new();
    private readonly GroupLoader<TState> _loader;
    private readonly ITimelineSource<TState>? _pasts;

    /// <param name="pasts">Of states that have commands which are decided by the past.</param>
    public GroupTransaction(
        IDocumentStore store,
        CommandConnections connections,
        EventReader events,
        TimeProvider clock,
        GroupRules<TState> rules,
        EarlierReceipts former,
        MessageOutbox outbox,
        DueSignal due,
        ITimelineSource<TState>? pasts = null)
    {
        ArgumentNullException.ThrowIfNull(connections);
        (_store, _connections, _clock, _rules, _outbox, _due, _pasts) =
            (store, connections, clock, rules, outbox, due, pasts);
        _loader = new(store, events, _known, former);
        connections.Connected += _known.Forget;
    }

    /// <summary>Whether other hosts are at work on the same streams.</summary>
    public bool IsContended => _loader.IsContended;

    /// <summary>
    /// The outcomes, in the order of the units; the commands of a unit stand or fall together. Throws when nothing of the group was
    /// stored, or when that is in doubt.
    /// </summary>
    /// <param name="waitFor">
    /// Where other hosts are found to be at work on the same streams, these are waited for; a unit with another that is locked stands back,
    /// and null is its outcome. Null to wait for all.
    /// </param>
    public async Task<IReadOnlyList<IReadOnlyList<Outcome>?>> RunAsync(
        IReadOnlyList<IReadOnlyList<Submission<TState>>> units, IReadOnlySet<Guid>? waitFor)
    {
        ArgumentNullException.ThrowIfNull(units);
        await using var connection = await _connections.OpenAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        var loaded = await _loader.LoadAsync(transaction, [.. units.SelectMany(u => u)], waitFor);
        var stoodBack = StandBack(units, loaded.Locked);
        if (stoodBack.All(s => s))
        {
            return [.. units.Select(_ => (IReadOnlyList<Outcome>?)null)];
        }

        await AttachPastsAsync(transaction, units.SelectMany(u => u), loaded);

        // Read after the locks are held, so that a question about the past, which waits for them, has one answer for ever.
        var now = RecordedTime.Now(_clock);

        await using var session = _store.LightweightSession(SessionOptions.ForTransaction(transaction));
        var memory = new GroupMemory<TState>(session, loaded);
        var work = new GroupWork<TState>(memory, now, _clock);
        IReadOnlyList<StoredState<TState>> moved;
        RoutedMessages? messages;
        try
        {
            foreach (var (unit, _) in units.Zip(stoodBack).Where(u => !u.Second))
            {
                work.Decide(unit);
            }

            moved = memory.Store((StoreOptions)_store.Options, _rules);
            messages = memory.Messages.Count == 0 ? null : await _outbox.StoreAsync(session, memory.Messages);
            await session.SaveChangesAsync();
        }
        catch (Exception failure) when (units is [[var only]]
            && Failures.DuplicateDocument(failure) is { } document && _rules.OnDuplicate(document) is { } refusal)
        {
            return [[GroupOutcomes.Rejected(only.Context, refusal)]];
        }

        await CommitAsync(transaction, messages);
        if (memory.IsWaiting)
        {
            _due.Written();
        }

        _known.Remember(_pasts is null ? moved : moved.Select(Detached));
        var outcomes = new Queue<IReadOnlyList<Outcome>>(work.Outcomes());
        return [.. stoodBack.Select(s => s ? null : outcomes.Dequeue())];
    }

    /// <summary>Without its past; nearly every state has none, and is not copied.</summary>
    private StoredState<TState> Detached(StoredState<TState> stored)
    {
        var state = _pasts!.Detach(stored.State);
        return ReferenceEquals(state, stored.State) ? stored : stored with { State = state };
    }

    /// <summary>Only what is asked for, under the locks.</summary>
    private async Task AttachPastsAsync(NpgsqlTransaction transaction, IEnumerable<Submission<TState>> submissions, Loaded<TState> loaded)
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
                loaded.States.Set(await _pasts!.AttachAsync(transaction, state, from));
            }
            catch (UnreadableEventException failure)
            {
                loaded.Unreadable[id] = failure;
            }
        }
    }

    /// <summary>Those that want a stream that is not to be had, or one that is wanted by one before them that stands back.</summary>
    private static bool[] StandBack(IReadOnlyList<IReadOnlyList<Submission<TState>>> units, IReadOnlySet<Guid> locked)
    {
        var wanted = new HashSet<Guid>(locked);
        var stoodBack = new bool[units.Count];
        for (var i = 0; locked.Count > 0 && i < units.Count; i++)
        {
            stoodBack[i] = units[i].Any(s => wanted.Overlaps(s.Streams));
            if (stoodBack[i])
            {
                wanted.UnionWith(units[i].SelectMany(s => s.Streams));
            }
        }

        return stoodBack;
    }

    private async Task CommitAsync(NpgsqlTransaction transaction, RoutedMessages? messages)
    {
        try
        {
            await transaction.CommitAsync();
        }
        catch (Exception failure) when (failure is not PostgresException { SqlState: ['2' or '4', ..] })
        {
            // A constraint or a serialization failure is the server's own no. Anything else, even a server that says goodbye, may have
            // come after the commit was written.
            if (messages is not null)
            {
                _outbox.SendIfStored(messages);
            }

            throw new CommitInDoubtException(failure);
        }

        if (messages is not null)
        {
            _outbox.Send(messages);
        }
    }
}

/// <summary>What a module tells the group about its states.</summary>
/// <param name="LookupDocuments">New documents that must never lag behind a state, from the state before, if any, and after.</param>
/// <param name="OnDuplicate">The refusal that a document stands for whose id is taken.</param>
public sealed record GroupRules<TState>(
    Func<TState?, TState, IEnumerable<object>> LookupDocuments,
    Func<Type, Refusal?> OnDuplicate)
    where TState : class, IEventSourced<TState>
{
    /// <summary>What differences of these states are named after; the kind of their streams where that is null.</summary>
    public string? ComparedAs { get; init; }
}
