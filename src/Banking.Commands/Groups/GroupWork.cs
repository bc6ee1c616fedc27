using System.Text.Json;
using Banking.Commands.Decisions;
using Banking.Commands.Receipts;
using Banking.EventStore.Appending;
using Banking.EventStore.Json;
using Banking.EventStore.Streams;

namespace Banking.Commands.Groups;

/// <summary>Decides a group in order. What it decides goes into the memory, what is answered is known after the commit.</summary>
internal sealed class GroupWork<TState>(GroupMemory<TState> memory, DateTimeOffset now, TimeProvider clock)
    where TState : class, IEventSourced<TState>
{
    /// <summary>The answers, one list for each unit; to be asked after the commit, when the positions are known.</summary>
    private readonly List<Func<Outcome>[]> _outcomes = [];

    /// <summary>Decides commands that stand or fall together; one alone, mostly.</summary>
    public void Decide(IReadOnlyList<Submission<TState>> unit)
    {
        var answers = new Func<Outcome>[unit.Count];
        var mark = memory.Now();
        for (var i = 0; i < unit.Count; i++)
        {
            var (decision, at) = Judge(unit[i]);
            if (unit.Count > 1 && Fails(unit[i], decision))
            {
                var alone = memory.Now() == mark;
                memory.TakeBack(mark);
                for (var other = 0; other < unit.Count; other++)
                {
                    answers[other] = NotDone(unit[other], i);
                }

                // Refused by what is stored, it is refused like any command. Refused by what the batch itself would have done, it is kept
                // for people to see, but its key stays free: no state that ever was refused it.
                answers[i] =
                    alone || decision is not Decision.Refused refused
                        ? Conclude(unit[i], decision, at)
                        : RefuseWithin(unit[i], refused.Refusal, i, at);
                break;
            }

            answers[i] = Conclude(unit[i], decision, at);
        }

        _outcomes.Add(answers);
    }

    public IReadOnlyList<IReadOnlyList<Outcome>> Outcomes() => [.. _outcomes.Select(unit => unit.Select(o => o()).ToArray())];

    /// <summary>The decision, or null where the key was answered before.</summary>
    private (Decision? Decision, DateTimeOffset At) Judge(Submission<TState> submission)
    {
        if (memory.Receipt(submission.ReceiptId) is { } known)
        {
            return (known.IsUnclaimed ? submission.MayAsk(memory.States) : null, now);
        }

        if (memory.Unreadable(submission.Streams) is { } unreadable)
        {
            return (new Decision.Rejected(Failures.Unreadable(unreadable)), now);
        }

        // Never behind what a stream of this command already tells: so recorded time rises with the version whatever the clocks of the
        // nodes say. Only this command's: a clock that ran ahead must not spread from one account to all that share a group with it.
        var at = now;
        foreach (var id in submission.Streams)
        {
            at = memory.States.Find(id)?.RecordedAt is { } told && told > at ? told : at;
        }

        return (submission.MayAsk(memory.States) ?? Precondition(submission) ?? submission.Decide(memory.States, at), at);
    }

    private bool Fails(Submission<TState> submission, Decision? decision) => decision is null
        ? Repeat(submission)().IsProblem
        : decision is not Decision.Accepted;

    private Func<Outcome> Conclude(Submission<TState> submission, Decision? decision, DateTimeOffset at) => decision switch
    {
        null => Repeat(submission),
        Decision.Accepted accepted => Accept(submission, accepted, at),
        Decision.Refused refused => Refuse(submission, refused.Refusal, at),
        Decision.Rejected rejected => Always(GroupOutcomes.Rejected(submission.Context, rejected.Refusal)),
        _ => throw new InvalidOperationException($"{decision.GetType().Name} is no decision."),
    };

    private Func<Outcome> NotDone(Submission<TState> submission, int failed) => memory.Receipt(submission.ReceiptId) is { } known
        && !(known.IsUnclaimed && submission.MayAsk(memory.States) is not null)
        ? Repeat(submission)
        : Always(GroupOutcomes.BatchRefused(submission.Context, failed));

    private Func<Outcome> Accept(Submission<TState> submission, Decision.Accepted accepted, DateTimeOffset at)
    {
        var context = submission.Context;
        var headers = context.Headers();
        EventEnvelope? last = null;
        foreach (var e in accepted.Events)
        {
            last = memory.Append(e, context, headers, at);
        }

        memory.Add(accepted.Documents);
        memory.Send(accepted.Messages, context, last?.Event.Id);
        memory.Wait(accepted.Due, context, last?.Event.Id);
        var answer = submission.Answer(memory.States, at);
        var version = memory.States[answer.StreamId].Version;
        var body = JsonSerializer.Serialize(answer.Body, answer.Body.GetType(), ApiJson.Options);
        memory.Keep(
            new(submission.ReceiptId, context.Fingerprint, answer.Status, body, at, answer.Location, version, last?.Event.Id), last);
        return () => new(answer.Status, body, Applied: true, Replayed: false, version, last?.Position, answer.Location) { Recorded = true };
    }

    private void Record(Submission<TState> submission, Refusal refusal, DateTimeOffset at)
    {
        var stream = submission.Streams[0];
        memory.Refuse(
            RecordedRefusal.Of(
                Ids.Next(clock),
                stream,
                memory.States.Find(stream)?.Version ?? 0,
                refusal,
                submission.Context,
                submission.Data?.Invoke(),
                at),
            submission.Context);
    }

    private Func<Outcome> RefuseWithin(Submission<TState> submission, Refusal refusal, int index, DateTimeOffset at)
    {
        var within = refusal with { Facts = new Dictionary<string, object>(refusal.Facts) { ["batchIndex"] = index } };
        Record(submission, within, at);
        return Always(GroupOutcomes.Rejected(submission.Context, within));
    }

    private Func<Outcome> Refuse(Submission<TState> submission, Refusal refusal, DateTimeOffset at)
    {
        var context = submission.Context;
        Record(submission, refusal, at);
        var body = Problems.Document(refusal, context.CorrelationId);
        memory.Keep(new(submission.ReceiptId, context.Fingerprint, refusal.Status, body, at), null);
        return Always(new(refusal.Status, body, Applied: false, Replayed: false) { Recorded = true });
    }

    private Decision.Rejected? Precondition(Submission<TState> submission) =>
        submission.Context.IfVersion is { } demanded
        && memory.States.Find(submission.Streams[0])?.Version is var actual
        && actual != demanded
            ? new Decision.Rejected(
                Refusal.Of(
                    "version_mismatch",
                    412,
                    $"If-Match demands version {demanded}; the account is at version {actual ?? 0}.",
                    ("version", actual ?? 0)))
            : null;

    private Func<Outcome> Repeat(Submission<TState> submission)
    {
        var known = memory.Receipt(submission.ReceiptId)!;
        var receipt = known.Receipt;
        return submission.Context.IsAnsweredBy(receipt.Fingerprint)
            ? () => receipt.Replay(known.Position ?? known.Event?.Position)
            : Always(GroupOutcomes.Rejected(submission.Context, Problems.KeyReused));
    }

    private static Func<Outcome> Always(Outcome outcome) => () => outcome;
}
