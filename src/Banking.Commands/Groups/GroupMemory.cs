using Banking.Commands.Decisions;
using Banking.Commands.Messages;
using Banking.Commands.Receipts;
using Banking.EventStore.Appending;
using Banking.EventStore.Log;
using Banking.EventStore.Streams;
using Banking.EventStore.Versions;
using Marten;

namespace Banking.Commands.Groups;

/// <summary>
/// The changes of a group, in memory. Each decision sees the changes before it, a batch that fails half-way is rolled back, and the
/// whole is stored at the end.
/// </summary>
internal sealed class GroupMemory<TState>(IDocumentSession session, Loaded<TState> loaded, EventVersions versions)
    where TState : class, IEventSourced<TState>
{
    private readonly Dictionary<Guid, TState?> _before = [];
    private readonly List<Step> _steps = [];
    private readonly List<Receipt> _receipts = [];
    private readonly List<object> _documents = [];
    private readonly List<DecidedMessage> _messages = [];
    private readonly List<DueRow> _due = [];

    public States<TState> States => loaded.States;

    public IReadOnlyList<DecidedMessage> Messages => _messages;

    /// <summary>All events of the group, in the order of the decisions.</summary>
    public IReadOnlyList<EventEnvelope> Events => [.. _steps.Select(s => s.Event)];

    /// <summary>Whether the group scheduled a command for later.</summary>
    public bool HasDueCommands => _due.Count > 0;

    /// <summary>Returns why one of these streams cannot be decided upon, or null if all can.</summary>
    public UnreadableEventException? Unreadable(IEnumerable<Guid> streams) => loaded.Unreadable.Count == 0
        ? null
        : streams.Select(loaded.Unreadable.GetValueOrDefault).FirstOrDefault(u => u is not null);

    /// <summary>Whether this host can store the events of a decision in the versions that it writes.</summary>
    public bool CanStore(Decision.Accepted accepted) =>
        accepted.Events.All(e => versions.CanStore(e.Data)) && accepted.Joined.All(e => versions.CanStore(e.Data));

    public ReceivedReceipt? Receipt(Guid id) => loaded.Receipts.GetValueOrDefault(id);

    public EventEnvelope Append(NewEvent e, CommandContext context, IReadOnlyDictionary<string, object> headers, DateTimeOffset at)
    {
        var before = States.Find(e.StreamId);
        var after = TState.Fold(before, e.StreamId, e.Data, at);
        _before.TryAdd(e.StreamId, before);
        States.Set(after);
        var envelope = Envelope(e, after.Version, context, headers, at);
        _steps.Add(new(envelope, ChangesState: true, before));
        return envelope;
    }

    /// <summary>Adds a refusal and its event in the log. The two are always stored together.</summary>
    public void Refuse(RecordedRefusal refusal, CommandContext context)
    {
        _documents.Add(refusal);
        NewEvent fact = new(refusal.Id, refusal.Id, CommandRefused.Of(refusal));
        _steps.Add(new(Envelope(fact, 1, context, context.Headers(), refusal.RecordedAt), ChangesState: false, null));
    }

    public void Add(IEnumerable<object> documents) => _documents.AddRange(documents);

    public void Send(IReadOnlyList<object> messages, CommandContext context, Guid? cause)
    {
        foreach (var message in messages)
        {
            _messages.Add(new(message, context, cause));
        }
    }

    public void Schedule(IReadOnlyList<DueCommand> due, CommandContext context, Guid? cause)
    {
        foreach (var command in due)
        {
            _due.Add(DueRow.Of(command, context, cause));
        }
    }

    public void AddReceipt(Receipt receipt, EventEnvelope? last)
    {
        _receipts.Add(receipt);
        // A later command of this group may have the same key.
        loaded.Receipts[receipt.Id] = new(receipt, Position: null) { Event = last };
    }

    public Savepoint SetSavepoint() => new(_steps.Count, _receipts.Count, _documents.Count, _messages.Count, _due.Count);

    /// <summary>Removes all changes made since the savepoint.</summary>
    public void RollBackTo(Savepoint savepoint)
    {
        for (var i = _steps.Count - 1; i >= savepoint.Steps; i--)
        {
            var (e, changesState, before) = _steps[i];
            if (!changesState)
            {
                continue;
            }

            var id = e.StreamId;
            States.Put(id, before);
            if (ReferenceEquals(_before[id], before))
            {
                _before.Remove(id);
            }
        }

        foreach (var receipt in _receipts.Skip(savepoint.Receipts))
        {
            loaded.Receipts.Remove(receipt.Id);
        }

        _steps.RemoveRange(savepoint.Steps, _steps.Count - savepoint.Steps);
        _receipts.RemoveRange(savepoint.Receipts, _receipts.Count - savepoint.Receipts);
        _documents.RemoveRange(savepoint.Documents, _documents.Count - savepoint.Documents);
        _messages.RemoveRange(savepoint.Messages, _messages.Count - savepoint.Messages);
        _due.RemoveRange(savepoint.Due, _due.Count - savepoint.Due);
    }

    /// <summary>
    /// Queues all writes on the session. Receipts go before lookup documents: if two hosts decide the same command, the loser must first
    /// meet its own receipt and repeat the answer, and not be refused because its own document exists.
    /// </summary>
    /// <returns>The states that the group has changed.</returns>
    public IReadOnlyList<StoredState<TState>> Store(StoreOptions options, GroupRules<TState> rules)
    {
        // In the order of their ids, the order in which they were locked.
        var last = _steps.Where(s => s.ChangesState).ToLookup(s => s.Event.StreamId, s => s.Event.Event.Id);
        StoredState<TState>[] after = [.. _before.Keys.Order().Select(id => new StoredState<TState>(States[id], last[id].Last()))];
        session.QueueWrites(
            options,
            versions,
            [.. after.Select(s => Head(s.State)), .. _steps.Where(s => !s.ChangesState).Select(s => CommandRefused.Head(s.Event))],
            Events,
            after,
            _receipts,
            _documents.Concat(after.SelectMany(s => rules.LookupDocuments(_before[s.State.Id], s.State))),
            _due);
        return after;
    }

    private EventEnvelope Envelope(
        NewEvent e, long version, CommandContext context, IReadOnlyDictionary<string, object> headers, DateTimeOffset at)
    {
        var stored = session.Events.BuildEvent(e.Data);
        stored.Id = e.EventId;
        return new(e.StreamId, version, stored, at, context.Caller.Actor, context.CorrelationId, context.CausationId, headers);
    }

    private StreamHead Head(TState after) =>
        new(after.Id, TState.StreamType, loaded.Versions.GetValueOrDefault(after.Id), after.Version, after.RecordedAt);

    internal readonly record struct Savepoint(int Steps, int Receipts, int Documents, int Messages, int Due);

    /// <param name="ChangesState">Whether the event changes a state; false for the event of a refusal.</param>
    /// <param name="Before">The state before the event; null if the event begins the stream or changes no state.</param>
    private readonly record struct Step(EventEnvelope Event, bool ChangesState, TState? Before);
}
