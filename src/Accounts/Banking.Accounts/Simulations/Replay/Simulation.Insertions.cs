using Banking.Accounts.Contracts;
using Banking.Accounts.Domain;
using Banking.SharedKernel;
using JasperFx.Events;

namespace Banking.Accounts.Simulations.Replay;

/// <summary>Insertions, and the limit of the hypothesis.</summary>
internal sealed partial class Simulation
{
    private readonly Dictionary<Guid, Queue<Insertion>> _insertions = hypothesis.Inserted
        .OrderBy(i => i.At)
        .SelectMany(i => i.Command.Accounts.Select(a => (Account: a, Insertion: i)))
        .GroupBy(i => i.Account)
        .ToDictionary(g => g.Key, g => new Queue<Insertion>(g.Select(i => i.Insertion)));

    private readonly HashSet<Guid> _inserted = [];

    /// <summary>Runs what the hypothesis has before an account records something at a time.</summary>
    private void BeforeRecorded(SimulatedAccount? account, DateTimeOffset recordedAt)
    {
        if (account is null)
        {
            return;
        }

        if (hypothesis is { Limit: { } limit, LimitFrom: { } from } && recordedAt >= from
            && account is { HasLimit: false, Simulated: not null })
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
}
