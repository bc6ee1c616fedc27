using Banking.Accounts.Contracts;
using Banking.Accounts.Domain;
using Banking.Commands.Decisions;
using JasperFx.Events;

namespace Banking.Accounts.Simulations.Replay;

/// <summary>
/// Replays the history of some accounts with a hypothesis (ADR 0071). Events and refusals are applied in the order of the log. An account
/// has its real outcomes until something of it has happened otherwise; from then on its commands are decided again.
/// </summary>
/// <param name="rule">How far back refused and inserted commands may claim their effective time.</param>
internal sealed partial class Simulation(
    IReadOnlyCollection<Guid> accounts, Hypothesis hypothesis, BackdatingRule rule, SimulatedCorrections corrections, int maxListed)
{
    /// <summary>A command that was accepted may claim the time that it had, whatever today's limit is.</summary>
    private static readonly BackdatingRule AnyTime = new(int.MaxValue);

    private readonly SimulatedAccounts _accounts = new(accounts);

    /// <summary>Commands that are decided already, and whether their further events happened in the simulated history too.</summary>
    private readonly Dictionary<Guid, bool> _decided = [];

    public SimulatedAccounts Accounts => _accounts;

    public DifferenceList Differences { get; } = new(maxListed);

    /// <summary>
    /// Refusals of accounts that differ whose command is not stored, is decided on no account, or followed others of its atomic batch: they
    /// stay refused.
    /// </summary>
    public long Undecided { get; private set; }

    public void Apply(IEvent e)
    {
        var (account, data, id) = (_accounts[e.StreamId], e.AccountEvent(), e.CommandId());
        BeforeRecorded(account, e.Timestamp);
        BeforeRecorded(_accounts.Find(EventRoles.OtherAccount(data)), e.Timestamp);
        if (data is AccountOpened opened)
        {
            _accounts.AddNumber(opened.Number, account.Id);
        }

        if (_decided.TryGetValue(id, out var happens))
        {
            if (data is not ICorrectionEvent)
            {
                _decided.Remove(id);
            }

            Add(account, e, happens);
        }
        else if (hypothesis.Omitted.Contains(id))
        {
            _decided[id] = false;
            Add(account, e, happens: false);
            corrections.Set(id, []);
            Note(DifferenceKind.Omitted, account, e, null);
        }
        else if (hypothesis.Changed.TryGetValue(id, out var values))
        {
            Change(account, e, id, values);
        }
        else if (!LimitDecides(account, e, data))
        {
            Replay(account, e, id);
        }
    }

    /// <summary>Ends the replay: runs the insertions that no later event preceded.</summary>
    public void End()
    {
        foreach (var (next, insertion) in _ordered.Index())
        {
            foreach (var account in _accounts.Find(insertion.Command.Accounts))
            {
                BeforeRecorded(account, insertion.At, next + 1);
            }
        }

        foreach (var account in _accounts.Inside)
        {
            BeforeRecorded(account, DateTimeOffset.MaxValue);
        }
    }

    private void Replay(SimulatedAccount account, IEvent e, Guid id)
    {
        var role = EventRoles.Of(e.Data);
        if (role == EventRole.Correction)
        {
            foreach (var other in _accounts.Find(corrections.Bookings(id).Select(b => b.StreamId)))
            {
                BeforeRecorded(other, e.Timestamp);
            }
        }

        var isAffected = role switch
        {
            EventRole.Fact => false,
            EventRole.Command => account.Differs || _accounts.Find(EventRoles.OtherAccount(e.Data)) is { Differs: true },
            _ => _accounts.Find(corrections.Bookings(id).Select(b => b.StreamId)).Any(a => a.Differs),
        };
        if (!isAffected)
        {
            Add(account, e, happens: true);
        }
        else if (role == EventRole.Correction)
        {
            Correct(account, e, id);
        }
        else
        {
            var command = CommandsOfEvents.Of(e.StreamId, e.Data, e.Timestamp);
            var (_, refusal) = _accounts.Decide(command, id, e.Timestamp, AnyTime);
            Conclude(account, e, id, refusal);
        }
    }

    private void Correct(SimulatedAccount account, IEvent e, Guid id)
    {
        if (corrections.Again(id) is not { } correction)
        {
            Conclude(account, e, id, Refusal.NotFound("transaction_not_found", "There is no such transaction in the simulated past."));
            return;
        }

        var (events, refusal) = _accounts.Decide(correction, id, e.Timestamp, AnyTime);
        if (refusal is not null || IsSame(events, corrections.Bookings(id)))
        {
            Conclude(account, e, id, refusal);
            return;
        }

        _decided[id] = false;
        Add(account, e, happens: false);
        Book(events, id, e.Timestamp);
        Note(DifferenceKind.BookedOtherwise, account, e, events);
    }

    /// <summary>Adds the event as it was if the command is accepted again.</summary>
    private void Conclude(SimulatedAccount account, IEvent e, Guid id, Refusal? refusal)
    {
        // Most commands have one event: only the others are remembered.
        if (_accounts.Find(EventRoles.OtherAccount(e.Data)) is not null || e.Data is ICorrectionEvent)
        {
            _decided[id] = refusal is null;
        }

        Add(account, e, happens: refusal is null);
        if (refusal is not null)
        {
            corrections.Set(id, []);
            Note(DifferenceKind.Refused, account, e, null, refusal);
        }
    }

    private void Change(SimulatedAccount account, IEvent e, Guid id, ChangedValues values)
    {
        var changed = ChangedEvents.Of(e.Data, values);
        if (changed.Equals(e.Data))
        {
            // The changed values equal the original ones: the event is replayed unchanged.
            Replay(account, e, id);
            return;
        }

        IReadOnlyList<NewEvent> events = [new(account.Id, e.Id, changed)];
        Refusal? refusal = null;
        if (EventRoles.Of(e.Data) == EventRole.Command)
        {
            (events, refusal) = _accounts.Decide(CommandsOfEvents.Of(e.StreamId, changed, e.Timestamp), id, e.Timestamp, AnyTime);
        }

        _decided[id] = false;
        Add(account, e, happens: false);
        Book(events, id, e.Timestamp);
        Note(DifferenceKind.Changed, account, e, events, refusal);
    }

    private void Add(SimulatedAccount account, IEvent e, bool happens)
    {
        if (happens)
        {
            account.AddToBoth(e.Data, e.Timestamp);
            corrections.Keep(e);
        }
        else
        {
            account.AddToReal(e.Data, e.Timestamp);
        }
    }

    /// <summary>Adds events to the simulated history only.</summary>
    private void Book(IReadOnlyList<NewEvent> events, Guid id, DateTimeOffset at)
    {
        foreach (var e in events)
        {
            _accounts.Find(e.StreamId)?.AddToSimulated(e.Data, at);
        }

        corrections.Set(id, events);
    }

    private void Note(
        DifferenceKind kind, SimulatedAccount account, IEvent e, IReadOnlyList<NewEvent>? simulated, Refusal? refusal = null) =>
        Differences.Add(new(
            kind, account.Id, EventRoles.OtherAccount(e.Data), EventRoles.PublicIdOf(e), e.EventTypeName, e.Timestamp,
            e.AccountEvent().EffectiveAt, (e.Data as IMovement)?.Amount ?? (e.Data as OverdraftLimitSet)?.Limit,
            simulated is [{ Data: IMovement movement }, ..] ? movement.Amount
                : simulated is [{ Data: OverdraftLimitSet set }, ..] ? set.Limit : null,
            null, refusal, account.Real?.Balance, account.Simulated?.Balance));

    /// <summary>Whether a correction books what it booked, whatever the number of an account outside.</summary>
    private static bool IsSame(IReadOnlyList<NewEvent> events, IReadOnlyList<IEvent> bookings) =>
        events.Count == bookings.Count
        && events.Select(e => Key(e.StreamId, e.Data)).ToHashSet().SetEquals(bookings.Select(b => Key(b.StreamId, b.Data)));

    private static (Guid, bool, Direction, object, DateTimeOffset) Key(Guid account, object data)
    {
        var booking = (ICorrectionEvent)data;
        return (account, booking is MovementReversed, booking.Direction, booking.Amount, booking.EffectiveAt);
    }
}
