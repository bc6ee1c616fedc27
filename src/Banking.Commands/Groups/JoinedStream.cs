using Banking.Commands.Receipts;
using Banking.EventStore.Log;
using Banking.EventStore.Streams;
using Banking.EventStore.Versions;
using Marten;
using Npgsql;

namespace Banking.Commands.Groups;

/// <summary>
/// A stream of another kind that a command reads and extends in its own transaction, such as the proposal that it carries out (ADR 0068).
/// The group locks it after all of its own streams, so that groups queue instead of deadlocking.
/// </summary>
public abstract class JoinedStream
{
    private protected JoinedStream(Guid id) => Id = id;

    public Guid Id { get; }

    internal abstract JoinedKind Kind { get; }

    /// <summary>Passes the state that the decision sees: null if the stream does not exist.</summary>
    internal abstract void Attach(object? state);
}

/// <summary>A joined stream of a kind of state.</summary>
public sealed class JoinedStream<TState> : JoinedStream
    where TState : class, IEventSourced<TState>
{
    internal JoinedStream(JoinedKind<TState> kind, Guid id)
        : base(id) => Kind = kind;

    /// <summary>The state under the lock; after the decision, the state after it. Null if the stream does not exist.</summary>
    public TState? State { get; private set; }

    internal override JoinedKind Kind { get; }

    internal override void Attach(object? state) => State = (TState?)state;
}

/// <summary>A kind of stream that commands on other streams can join.</summary>
public abstract class JoinedKind
{
    /// <summary>Locks and reads the streams. The changes are kept in memory until the session is known.</summary>
    internal abstract Task<Func<IDocumentSession, IJoinedMemory>> LoadAsync(NpgsqlTransaction transaction, Guid[] ids);
}

/// <inheritdoc cref="JoinedKind"/>
public sealed class JoinedKind<TState>(
    IDocumentStore store, EventReader events, GroupRules<TState> rules, EarlierReceipts earlier, EventVersions versions) : JoinedKind
    where TState : class, IEventSourced<TState>
{
    // Nothing is remembered: joined streams are rare, and their own group remembers states.
    private readonly GroupLoader<TState> _loader = new(store, events, new(), earlier);

    public JoinedStream<TState> Stream(Guid id) => new(this, id);

    /// <summary>
    /// Reads the state of a stream in a transaction, without locking it; null if the stream does not exist. Writers of the stream must
    /// take a lock that the caller holds, or the state may change.
    /// </summary>
    /// <exception cref="UnreadableEventException">The state must be folded, and an event cannot be read.</exception>
    public async Task<TState?> ReadAsync(NpgsqlTransaction transaction, Guid id)
    {
        var loaded = await _loader.ReadAsync(transaction, [id]);
        return loaded.Unreadable.TryGetValue(id, out var unreadable) ? throw unreadable : loaded.States.Find(id);
    }

    internal override async Task<Func<IDocumentSession, IJoinedMemory>> LoadAsync(NpgsqlTransaction transaction, Guid[] ids)
    {
        var loaded = await _loader.LoadAsync(transaction, ids);
        return session => new JoinedMemory<TState>(new(session, loaded, versions), (StoreOptions)store.Options, rules);
    }
}
