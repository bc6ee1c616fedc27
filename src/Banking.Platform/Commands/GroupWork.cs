using System.Text.Json;
using Banking.Platform.EventSourcing;
using Marten;

namespace Banking.Platform.Commands;

/// <summary>The memory of one group: decides in order and gathers what is to be stored.</summary>
internal sealed class GroupWork<TState>(IDocumentSession session, Loaded<TState> loaded, DateTimeOffset now, TimeProvider clock)
    where TState : class, IEventSourced<TState>
{
    private readonly Dictionary<Guid, TState?> _before = [];
    private readonly List<EventEnvelope> _events = [];
    private readonly List<object> _documents = [];
    private readonly List<Func<Outcome>> _outcomes = [];

    private States<TState> States => loaded.States;

    public void Decide(Submission<TState> submission)
    {
        var context = submission.Context;
        if (loaded.Receipts.TryGetValue(context.ReceiptId, out var known))
        {
            _outcomes.Add(() => Repeat(context, known));
            return;
        }

        // Never behind what a stream of this command already tells: so recorded time rises with the version whatever the clocks of the
        // nodes say. Only this command's: a clock that ran ahead must not spread from one account to all that share a group with it.
        var at = submission.Streams.Select(id => States.Find(id)?.RecordedAt ?? now).Append(now).Max();
        switch (submission.MayAsk(States) ?? Precondition(submission) ?? submission.Decide(States, at))
        {
            case Decision.Rejected rejected:
                var rejection = GroupOutcomes.Rejected(context, rejected.Refusal);
                _outcomes.Add(() => rejection);
                break;
            case Decision.Refused refused:
                Refuse(submission, refused.Refusal, at);
                break;
            case Decision.Accepted accepted:
                Accept(submission, accepted, at);
                break;
        }
    }

    /// <summary>
    /// Queues everything on the session. Receipts before what lies beside states: of two hosts with the same command the loser must meet
    /// its own receipt first, and repeat the answer, instead of being told that its own claim is taken.
    /// </summary>
    public void Store(StoreOptions options, GroupRules<TState> rules)
    {
        // In the order of the ids, as they were locked.
        var after = _before.Keys.Order().Select(id => States[id]).ToList();
        session.QueueLedger(
            options, after.ConvertAll(Head), _events, after, _documents.Concat(after.SelectMany(s => rules.Beside(_before[s.Id], s))));
    }

    /// <summary>To be asked after the commit, when the positions are known.</summary>
    public IReadOnlyList<Outcome> Outcomes() => [.. _outcomes.Select(o => o())];

    private void Accept(Submission<TState> submission, Decision.Accepted accepted, DateTimeOffset at)
    {
        var context = submission.Context;
        var headers = context.Headers();
        EventEnvelope? last = null;
        foreach (var e in accepted.Events)
        {
            var before = States.Find(e.StreamId);
            _before.TryAdd(e.StreamId, before);
            var after = TState.Fold(before, e.StreamId, e.Data, at);
            States.Set(after);
            var stored = session.Events.BuildEvent(e.Data);
            stored.Id = e.EventId;
            last = new(e.StreamId, after.Version, stored, at, context.Caller.Actor, context.CorrelationId, context.CausationId, headers);
            _events.Add(last);
        }

        _documents.AddRange(accepted.Documents);
        var answer = submission.Answer(States, at);
        var version = States[answer.StreamId].Version;
        var body = JsonSerializer.Serialize(answer.Body, answer.Body.GetType(), ApiJson.Options);
        Keep(context, new()
        {
            Id = context.ReceiptId,
            Fingerprint = context.Fingerprint,
            Status = answer.Status,
            Body = body,
            Location = answer.Location,
            StreamId = answer.StreamId,
            Version = version,
            EventId = last?.Event.Id,
            RecordedAt = at,
        });
        _outcomes.Add(() => new(answer.Status, body, Applied: true, Replayed: false, version, last?.Position, answer.Location) { Recorded = true });
    }

    private void Refuse(Submission<TState> submission, Refusal refusal, DateTimeOffset at)
    {
        var context = submission.Context;
        var body = Problems.Document(refusal, context.CorrelationId);
        _documents.Add(new RecordedRefusal
        {
            Id = Ids.Next(clock),
            StreamId = submission.Streams[0],
            StreamVersion = States.Find(submission.Streams[0])?.Version ?? 0,
            Operation = context.Operation,
            Code = refusal.Code,
            Detail = refusal.Detail,
            Facts = JsonSerializer.Serialize(refusal.Facts, ApiJson.Options),
            Actor = context.Caller.Actor,
            Role = context.Caller.Role,
            Channel = context.Caller.Channel,
            ReasonCode = context.ReasonCode,
            ReasonText = context.ReasonText,
            CorrelationId = context.CorrelationId,
            IdempotencyKey = context.IdempotencyKey,
            RecordedAt = at,
        });
        Keep(context, new()
        {
            Id = context.ReceiptId,
            Fingerprint = context.Fingerprint,
            Status = refusal.Status,
            Body = body,
            RecordedAt = at,
        });
        _outcomes.Add(() => new(refusal.Status, body, Applied: false, Replayed: false) { Recorded = true });
    }

    private void Keep(CommandContext context, Receipt receipt)
    {
        _documents.Add(receipt);
        // The same key may come again within this very group.
        var stored = _events.Count > 0 ? _events[^1] : null;
        loaded.Receipts[context.ReceiptId] = new(receipt, Position: null) { Event = receipt.EventId is null ? null : stored };
    }

    private Decision.Rejected? Precondition(Submission<TState> submission) =>
        submission.Context.IfVersion is { } demanded && States.Find(submission.Streams[0])?.Version is var actual && actual != demanded
            ? new Decision.Rejected(Refusal.Of("version_mismatch", 412,
                $"If-Match demands version {demanded}; the account is at version {actual ?? 0}.", ("version", actual ?? 0)))
            : null;

    private StreamHead Head(TState after) =>
        new(after.Id, TState.StreamType, loaded.Versions.GetValueOrDefault(after.Id), after.Version, after.RecordedAt);

    private static Outcome Repeat(CommandContext context, ReceivedReceipt known) => known.Receipt.Fingerprint == context.Fingerprint
        ? new(known.Receipt.Status, known.Receipt.Body, known.Receipt.Status < 400, Replayed: true, known.Receipt.Version,
            known.Position ?? known.Event?.Position, known.Receipt.Location)
        { Recorded = true }
        : GroupOutcomes.Rejected(context, Refusal.Of("idempotency_key_reused", 422,
            "This idempotency key was used before with another content. Give each command a key of its own."));
}
