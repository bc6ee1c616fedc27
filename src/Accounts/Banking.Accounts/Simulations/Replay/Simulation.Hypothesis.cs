using Banking.Accounts.Contracts;
using Banking.Accounts.Domain;
using Banking.Accounts.Features;
using Banking.Commands.Decisions;
using Banking.Commands.Receipts;
using Banking.SharedKernel;
using JasperFx.Events;

namespace Banking.Accounts.Simulations.Replay;

/// <summary>Refused commands, insertions and the limit.</summary>
internal sealed partial class Simulation
{
    private readonly Dictionary<Guid, Queue<Insertion>> _insertions = hypothesis.Inserted
        .OrderBy(i => i.At)
        .SelectMany(i => i.Command.Accounts.Select(a => (Account: a, Insertion: i)))
        .GroupBy(i => i.Account)
        .ToDictionary(g => g.Key, g => new Queue<Insertion>(g.Select(i => i.Insertion)));

    private readonly HashSet<Guid> _inserted = [];

    public void Apply(RecordedRefusal refusal)
    {
        var account = _accounts[refusal.StreamId];
        BeforeRecorded(account, refusal.RecordedAt);
        if (hypothesis.Omitted.Contains(refusal.Id))
        {
            NoteRefusal(DifferenceKind.Omitted, refusal, account, null, null);
            return;
        }

        var isChanged = hypothesis.Changed.TryGetValue(refusal.Id, out var values);
        if (Command(refusal, values) is not { } command)
        {
            Undecided += account.Differs ? 1 : 0;
            return;
        }

        var inside = _accounts.Find(command.Accounts).ToList();
        inside.ForEach(a => BeforeRecorded(a, refusal.RecordedAt));
        if ((isChanged || inside.Any(a => a.Differs)) && !IsGiven(refusal, command))
        {
            DecideAgain(refusal, inside[0], command, isChanged);
        }
    }

    private void DecideAgain(RecordedRefusal refused, SimulatedAccount account, SimulatedCommand command, bool isChanged)
    {
        var (events, refusal) = _accounts.Decide(command, refused.Id, refused.RecordedAt, rule);
        Book(events, refused.Id, refused.RecordedAt);
        if (isChanged || refusal?.Code != refused.Code)
        {
            NoteRefusal(
                refusal is null ? DifferenceKind.Accepted : isChanged ? DifferenceKind.Changed : DifferenceKind.RefusedOtherwise,
                refused, account, command, refusal);
        }
    }

    private SimulatedCommand? Command(RecordedRefusal refusal, ChangedValues values) => refusal.Command switch
    {
        null => null,
        { Type: CorrectionOperation.Message } data => corrections.Again(data.Read<CorrectTransaction>(), _accounts.Resolve),
        var data => CommandsOfRefusals.Of(data, values, _accounts.Resolve),
    };

    /// <summary>
    /// Whether an outcome does not follow from the simulated past: the limit of the hypothesis replaces all others, and what an account
    /// outside refused it refuses.
    /// </summary>
    private bool IsGiven(RecordedRefusal refusal, SimulatedCommand command) =>
        (command.Name == ChangeOverdraftLimitHandler.Definition.Shape.Name && _accounts[refusal.StreamId].HasLimit)
        || (command.Accounts.Any(a => _accounts.Find(a) is null)
            && (refusal.Code.StartsWith("payee_", StringComparison.Ordinal) || refusal.Code == "currency_mismatch"));

    /// <summary>Runs what the hypothesis has before an account records something at a time.</summary>
    private void BeforeRecorded(SimulatedAccount? account, DateTimeOffset recordedAt)
    {
        if (account is null)
        {
            return;
        }

        if (hypothesis is { Limit: { } limit, LimitFrom: { } from } && recordedAt >= from && account is { HasLimit: false, Simulated: not null })
        {
            InsertBefore(account, from);
            account.HasLimit = true;
            account.DecideAgain();
            if (account.Simulated.OverdraftLimit != limit)
            {
                account.AddToSimulated(new OverdraftLimitSet(limit, from), from);
            }
        }

        InsertBefore(account, recordedAt);
    }

    private void InsertBefore(SimulatedAccount account, DateTimeOffset at)
    {
        while (_insertions.TryGetValue(account.Id, out var queue) && queue.TryPeek(out var next) && next.At < at)
        {
            queue.Dequeue();
            if (_inserted.Add(next.Id))
            {
                Insert(next);
            }
        }
    }

    private void Insert(Insertion insertion)
    {
        var command = insertion.Command;
        var inside = _accounts.Find(command.Accounts).ToList();
        inside.ForEach(a => BeforeRecorded(a, insertion.At));
        var (events, refusal) = _accounts.Decide(command, insertion.Id, insertion.At, rule, insertion.IsFact);
        Book(events, insertion.Id, insertion.At);
        Differences.Add(new(
            DifferenceKind.Inserted, inside[0].Id, Other(command, inside[0]), insertion.Pointer, command.Name, insertion.At,
             command.EffectiveAt, null, command.Amount, null, refusal, inside[0].Real?.Balance, inside[0].Simulated?.Balance));
    }

    /// <summary>Whether the limit of the hypothesis replaces what the event sets.</summary>
    private bool LimitDecides(SimulatedAccount account, IEvent e, IAccountEvent data)
    {
        if (hypothesis.Limit is not { } limit)
        {
            return false;
        }

        if (data is AccountOpened opened && (hypothesis.LimitFrom is not { } from || e.Timestamp >= from))
        {
            account.HasLimit = true;
            account.DecideAgain();
            AddWithLimit(account, e, opened.OverdraftLimit, limit, opened with { OverdraftLimit = limit });
            return true;
        }

        if (data is OverdraftLimitSet set && account.HasLimit)
        {
            AddWithLimit(account, e, set.Limit, limit, null);
            return true;
        }

        return false;
    }

    private void AddWithLimit(SimulatedAccount account, IEvent e, Money real, Money limit, object? instead)
    {
        Add(account, e, happens: real == limit);
        if (real == limit)
        {
            return;
        }

        if (instead is not null)
        {
            account.AddToSimulated(instead, e.Timestamp);
            return;
        }

        Note(DifferenceKind.Omitted, account, e, null);
    }

    private void Note(
        DifferenceKind kind, SimulatedAccount account, IEvent e, IReadOnlyList<NewEvent>? simulated, Refusal? refusal = null) =>
        Differences.Add(new(
            kind, account.Id, EventRoles.OtherAccount(e.Data), EventRoles.PublicIdOf(e), e.EventTypeName, e.Timestamp,
            e.AccountEvent().EffectiveAt, (e.Data as IMovement)?.Amount ?? (e.Data as OverdraftLimitSet)?.Limit,
            simulated is [{ Data: IMovement movement }, ..] ? movement.Amount
                : simulated is [{ Data: OverdraftLimitSet set }, ..] ? set.Limit : null,
            null, refusal, account.Real?.Balance, account.Simulated?.Balance));

    private void NoteRefusal(
        DifferenceKind kind, RecordedRefusal refused, SimulatedAccount account, SimulatedCommand? command, Refusal? refusal) =>
        Differences.Add(new(
            kind, account.Id, command is null ? null : Other(command, account), PublicId.Format(RefusalId.Prefix, refused.Id),
            command?.Name ?? refused.Operation, refused.RecordedAt, command?.EffectiveAt, null, command?.Amount, refused.Code, refusal, account.Real?.Balance,
            account.Simulated?.Balance));

    private static Guid? Other(SimulatedCommand command, SimulatedAccount account) =>
        command.Accounts.Where(a => a != account.Id).Select(a => (Guid?)a).FirstOrDefault();
}
