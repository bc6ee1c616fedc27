using Banking.Commands.Decisions;
using Banking.Commands.Messages;
using Banking.Commands.Receipts;
using Banking.EventStore.Appending;
using Banking.EventStore.Log;
using Banking.EventStore.Streams;
using Marten;

namespace Banking.Commands.Groups;

/// <summary>
/// What a group has added to what it started from, in memory: each decision sees it, a batch that fails half-way is taken out of it again,
/// and in the end it is stored as a whole.
/// </summary>
internal sealed class GroupMemory<TState>(IDocumentSession session, Loaded<TState> loaded)
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

    /// <summary>Whether a command waits for its time.</summary>
    public bool IsWaiting => _due.Count > 0;

    /// <summary>Why one of these streams cannot be decided upon; null where all can.</summary>
    public UnreadableEventException? Unreadable(IEnumerable<Guid> streams) => loaded.Unreadable.Count == 0
        ? null
        : streams.Select(loaded.Unreadable.GetValueOrDefault).FirstOrDefault(u => u is not null);

    public ReceivedReceipt? Receipt(Guid id) => loaded.Receipts.GetValueOrDefault(id);

    public EventEnvelope Append(NewEvent e, CommandContext context, IReadOnlyDictionary<string, object> headers, DateTimeOffset at)
    {
        var before = States.Find(e.StreamId);
        var after = TState.Fold(before, e.StreamId, e.Data, at);
        _before.TryAdd(e.StreamId, before);
        States.Set(after);
        var envelope = Envelope(e, after.Version, context, headers, at);
        _steps.Add(new(envelope, Moves: true, before));
        return envelope;
    }

    /// <summary>
    /// A refusal, and that there was one, among the events where it was decided. Together: there is no way to keep one without the other.
    /// </summary>
    public void Refuse(RecordedRefusal refusal, CommandContext context)
    {
        _documents.Add(refusal);
        NewEvent fact = new(refusal.Id, refusal.Id, CommandRefused.Of(refusal));
        _steps.Add(new(Envelope(fact, 1, context, context.Headers(), refusal.RecordedAt), Moves: false, null));
    }

    public void Add(IEnumerable<object> documents) => _documents.AddRange(documents);

    public void Send(IReadOnlyList<object> messages, CommandContext context, Guid? cause)
    {
        foreach (var message in messages)
        {
            _messages.Add(new(message, context, cause));
        }
    }

    public void Wait(IReadOnlyList<DueCommand> due, CommandContext context, Guid? cause)
    {
        foreach (var command in due)
        {
            _due.Add(DueRow.Of(command, context, cause));
        }
    }

    public void Keep(Receipt receipt, EventEnvelope? last)
    {
        _receipts.Add(receipt);
        // The same key may come again within this very group.
        loaded.Receipts[receipt.Id] = new(receipt, Position: null) { Event = last };
    }

    public Mark Now() => new(_steps.Count, _receipts.Count, _documents.Count, _messages.Count, _due.Count);

    /// <summary>As if nothing had been added since.</summary>
    public void TakeBack(Mark mark)
    {
        for (var i = _steps.Count - 1; i >= mark.Steps; i--)
        {
            var (e, moves, before) = _steps[i];
            if (!moves)
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

        foreach (var receipt in _receipts.Skip(mark.Receipts))
        {
            loaded.Receipts.Remove(receipt.Id);
        }

        _steps.RemoveRange(mark.Steps, _steps.Count - mark.Steps);
        _receipts.RemoveRange(mark.Receipts, _receipts.Count - mark.Receipts);
        _documents.RemoveRange(mark.Documents, _documents.Count - mark.Documents);
        _messages.RemoveRange(mark.Messages, _messages.Count - mark.Messages);
        _due.RemoveRange(mark.Due, _due.Count - mark.Due);
    }

    /// <summary>
    /// Queues everything on the session. Receipts before what lies beside states: of two hosts with the same command the loser must meet
    /// its own receipt first, and repeat the answer, instead of being told that its own claim is taken.
    /// </summary>
    /// <returns>The states that the group has moved.</returns>
    public IReadOnlyList<StoredState<TState>> Store(StoreOptions options, GroupRules<TState> rules)
    {
        // In the order of their ids, as they were locked.
        var last = _steps.Where(s => s.Moves).ToLookup(s => s.Event.StreamId, s => s.Event.Event.Id);
        StoredState<TState>[] after = [.. _before.Keys.Order().Select(id => new StoredState<TState>(States[id], last[id].Last()))];
        session.QueueWrites(
            options,
            [.. after.Select(s => Head(s.State)), .. _steps.Where(s => !s.Moves).Select(s => CommandRefused.Head(s.Event))],
            [.. _steps.Select(s => s.Event)],
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

    internal readonly record struct Mark(int Steps, int Receipts, int Documents, int Messages, int Due);

    /// <param name="Moves">Whether it is a fact of a state, and not merely of a refusal.</param>
    /// <param name="Before">The state before it; null where it begins one, or moves none.</param>
    private readonly record struct Step(EventEnvelope Event, bool Moves, TState? Before);
}
