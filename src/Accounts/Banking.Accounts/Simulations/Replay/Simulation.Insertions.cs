using Banking.Accounts.Contracts;
using Banking.Accounts.Domain;
using Banking.SharedKernel;
using JasperFx.Events;

namespace Banking.Accounts.Simulations.Replay;

/// <summary>Insertions, and the limit of the hypothesis.</summary>
internal sealed partial class Simulation
{
    /// <summary>The insertions in the order in which they are decided: by time, and at one instant as in the request.</summary>
    private readonly Insertion[] _ordered = [.. hypothesis.Inserted.OrderBy(i => i.At)];

    /// <summary>The places, in that order, of the insertions that an account still awaits.</summary>
    private readonly Dictionary<Guid, Queue<int>> _insertions = hypothesis.Inserted
        .OrderBy(i => i.At)
        .Index()
        .SelectMany(i => i.Item.Command.Accounts.Select(a => (Account: a, i.Index)))
        .GroupBy(i => i.Account)
        .ToDictionary(g => g.Key, g => new Queue<int>(g.Select(i => i.Index)));

    private readonly HashSet<int> _inserted = [];

    /// <summary>Runs what the hypothesis has before an account records something at a time.</summary>
    /// <param name="place">Insertions of that time run too if their place is before this one.</param>
    private void BeforeRecorded(SimulatedAccount? account, DateTimeOffset recordedAt, int place = 0)
    {
        if (account is null)
        {
            return;
        }

        if (hypothesis is { Limit: { } limit, LimitFrom: { } from } && recordedAt >= from
            && account is { HasLimit: false, Simulated.Status: AccountStatus.Open })
        {
            InsertBefore(account, from, 0);
            account.HasLimit = true;
            account.DecideAgain();
            if (account.Simulated.OverdraftLimit != limit)
            {
                account.AddToSimulated(new OverdraftLimitSet(limit, from), from);
            }
        }

        InsertBefore(account, recordedAt, place);
    }

    private void InsertBefore(SimulatedAccount account, DateTimeOffset at, int place)
    {
        while (_insertions.TryGetValue(account.Id, out var queue) && queue.TryPeek(out var next)
            && (_ordered[next].At < at || (_ordered[next].At == at && next < place)))
        {
            queue.Dequeue();
            if (_inserted.Add(next))
            {
                Insert(_ordered[next], next);
            }
        }
    }

    private void Insert(Insertion insertion, int place)
    {
        var command = insertion.Command;
        var inside = _accounts.Find(command.Accounts).ToList();
        inside.ForEach(a => BeforeRecorded(a, insertion.At, place));
        var (events, refusal) = _accounts.Decide(command, insertion.Id, insertion.At, insertion.IsFact ? AnyTime : rule, insertion.IsFact);
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
