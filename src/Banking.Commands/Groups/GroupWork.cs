using Banking.Commands.Decisions;
using Banking.Commands.Receipts;
using Banking.EventStore.Appending;
using Banking.EventStore.Streams;

namespace Banking.Commands.Groups;

/// <summary>
/// Decides the commands of a group in order and adds the changes to the memory. The answers are complete after the commit.
/// </summary>
internal sealed class GroupWork<TState>(GroupMemory<TState> memory, JoinedMemories joined, DateTimeOffset now, TimeProvider clock)
    where TState : class, IEventSourced<TState>
{
    /// <summary>The answers, one list per unit. Evaluated after the commit, when the positions are known.</summary>
    private readonly List<Func<Outcome>[]> _outcomes = [];

    /// <summary>Decides a unit: commands that are stored all or none, usually one.</summary>
    public void Decide(IReadOnlyList<Submission<TState>> unit)
    {
        if (unit.Count > 1 && unit.Any(s => s.Joined is not null))
        {
            throw new InvalidOperationException("A command that joins a stream of another kind cannot be part of a batch.");
        }

        var answers = new Func<Outcome>[unit.Count];
        var savepoint = memory.SetSavepoint();
        for (var i = 0; i < unit.Count; i++)
        {
            var (decision, at) = Evaluate(unit[i]);
            if (unit.Count > 1 && Fails(unit[i], decision))
            {
                var alone = memory.SetSavepoint() == savepoint;
                memory.RollBackTo(savepoint);
                for (var other = 0; other < unit.Count; other++)
                {
                    answers[other] = FailWithBatch(unit[other], i);
                }

                // A command refused by stored state alone is refused as usual. If it was refused because of earlier commands of the
                // batch, the refusal is stored for people to see, but the key stays free: no stored state ever refused it.
                answers[i] =
                    alone || decision is not Decision.Refused refused
                        ? Conclude(unit[i], decision, at)
                        : RefuseInBatch(unit[i], refused.Refusal, i, at);
                break;
            }

            answers[i] = Conclude(unit[i], decision, at);
        }

        _outcomes.Add(answers);
    }

    public IReadOnlyList<IReadOnlyList<Outcome>> Outcomes() => [.. _outcomes.Select(unit => unit.Select(o => o()).ToArray())];

    /// <summary>Returns the decision, or null if the key was answered before.</summary>
    private (Decision? Decision, DateTimeOffset At) Evaluate(Submission<TState> submission)
    {
        if (memory.Receipt(submission.ReceiptId) is { } known)
        {
            return (known.IsUnclaimed ? submission.CheckAccess(memory.States) : null, now);
        }

        if ((memory.Unreadable(submission.Streams) ?? joined.Unreadable(submission.Joined)) is { } unreadable)
        {
            return (new Decision.Rejected(Failures.Unreadable(unreadable)), now);
        }

        // Recorded time never goes back on a stream, whatever the clocks of the hosts say. Only this command's streams count: a clock
        // that ran ahead must not affect all streams that share a group.
        var at = now;
        foreach (var id in submission.Streams)
        {
            at = memory.States.Find(id)?.RecordedAt is { } last && last > at ? last : at;
        }

        at = joined.End(submission.Joined) is { } end && end.RecordedAt > at ? end.RecordedAt : at;
        joined.Attach(submission.Joined);
        var decision = submission.CheckAccess(memory.States) ?? Precondition(submission) ?? submission.Decide(memory.States, at);
        return decision is Decision.Accepted accepted && !memory.CanStore(accepted)
            ? (new Decision.Rejected(Failures.NotStorable), at)
            : (decision, at);
    }

    /// <summary>The stream that a refusal is listed under and that If-Match refers to, with its version; 0 if it does not exist.</summary>
    private (Guid Id, long Version) Subject(Submission<TState> submission) => joined.End(submission.Joined) is { } end
        ? (submission.Joined!.Id, end.Version)
        : (submission.Streams[0], memory.States.Find(submission.Streams[0])?.Version ?? 0);

    private bool Fails(Submission<TState> submission, Decision? decision) => decision is null
        ? Repeat(submission)() is not Outcome.Replayed { Receipt.IsAccepted: true }
        : decision is not Decision.Accepted;

    private Func<Outcome> Conclude(Submission<TState> submission, Decision? decision, DateTimeOffset at) => decision switch
    {
        null => Repeat(submission),
        Decision.Accepted accepted => Accept(submission, accepted, at),
        Decision.Refused refused => Refuse(submission, refused.Refusal, at),
        Decision.Rejected rejected => Fixed(GroupOutcomes.Rejected(submission.Context, rejected.Refusal)),
        _ => throw new InvalidOperationException($"{decision.GetType().Name} is no decision."),
    };

    private Func<Outcome> FailWithBatch(Submission<TState> submission, int failed) => memory.Receipt(submission.ReceiptId) is { } known
        && !(known.IsUnclaimed && submission.CheckAccess(memory.States) is not null)
        ? Repeat(submission)
        : Fixed(GroupOutcomes.BatchRefused(submission.Context, failed));

    private Func<Outcome> Accept(Submission<TState> submission, Decision.Accepted accepted, DateTimeOffset at)
    {
        var context = submission.Context;
        // A proposal that ends without its command was not carried out, so its end does not say that it was approved.
        var headers = (accepted.Events.Count == 0 ? context with { Approval = null } : context).Headers();
        EventEnvelope? last = null;
        foreach (var e in accepted.Events)
        {
            last = memory.Append(e, context, headers, at);
        }

        // A transaction stores joined events last: the position of the last one includes all events of the command.
        foreach (var e in accepted.Joined)
        {
            last = joined.Append(submission.Joined!, e, context, headers, at);
        }

        joined.Attach(submission.Joined);
        memory.Add(accepted.Documents);
        memory.Send(accepted.Messages, context, last?.Event.Id);
        memory.Schedule(accepted.Due, context, last?.Event.Id);
        var answer = submission.Answer(memory.States, accepted.Events, at);
        var version = answer.StreamId == submission.Joined?.Id
            ? joined.End(submission.Joined)!.Value.Version
            : memory.States[answer.StreamId].Version;
        var receipt = Receipt.Of(context, submission.ReceiptId, answer, version, last?.Event.Id, at);
        memory.AddReceipt(receipt, last);
        return () => new Outcome.Accepted(answer.View, receipt, last?.Position);
    }

    /// <summary>Records a refusal.</summary>
    /// <returns>Its id, which is also that of its event.</returns>
    private Guid Record(Submission<TState> submission, Refusal refusal, DateTimeOffset at)
    {
        var (id, subject) = (Ids.Next(clock), Subject(submission));
        memory.Refuse(
            RecordedRefusal.Of(
                id,
                subject.Id,
                subject.Version,
                refusal,
                submission.Context,
                submission.Data?.Invoke(),
                at),
            // A refused attempt to approve is no approval.
            submission.Context with { Approval = null });
        return id;
    }

    private Func<Outcome> RefuseInBatch(Submission<TState> submission, Refusal refusal, int index, DateTimeOffset at)
    {
        var inBatch = refusal with { Facts = new Dictionary<string, object>(refusal.Facts) { ["batchIndex"] = index } };
        Record(submission, inBatch, at);
        return Fixed(GroupOutcomes.Rejected(submission.Context, inBatch));
    }

    private Func<Outcome> Refuse(Submission<TState> submission, Refusal refusal, DateTimeOffset at)
    {
        var receipt = Receipt.Of(submission.Context, submission.ReceiptId, refusal, Record(submission, refusal, at), at);
        memory.AddReceipt(receipt, null);
        return Fixed(new Outcome.Refused(refusal, receipt));
    }

    private Decision.Rejected? Precondition(Submission<TState> submission) =>
        submission.Context.IfVersion is { } demanded
        && Subject(submission).Version is var actual
        && actual != demanded
        && !IsUnchangedSince(submission, demanded)
            ? new Decision.Rejected(
                Refusal.Of(
                    RefusalKind.VersionMismatch, "version_mismatch",
                    $"If-Match demands version {demanded}, but the version is {actual}.",
                    ("version", actual)))
            : null;

    /// <summary>Whether only a carried state was appended since: no command knows of it, so none would be decided differently.</summary>
    private bool IsUnchangedSince(Submission<TState> submission, long version) =>
        submission.Joined is null && memory.States.Find(submission.Streams[0])?.IsUnchangedSince(version) == true;

    private Func<Outcome> Repeat(Submission<TState> submission)
    {
        var known = memory.Receipt(submission.ReceiptId)!;
        var receipt = known.Receipt;
        return submission.Context.IsAnsweredBy(receipt.Fingerprint)
            ? () => new Outcome.Replayed(receipt, known.Position ?? known.Event?.Position)
            : Fixed(GroupOutcomes.Rejected(submission.Context, Receipt.KeyReused));
    }

    private static Func<Outcome> Fixed(Outcome outcome) => () => outcome;
}
