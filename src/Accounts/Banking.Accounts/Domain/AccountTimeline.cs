using System.Collections.Immutable;
using Banking.Accounts.Contracts;

namespace Banking.Accounts.Domain;

/// <summary>
/// The balance changes, overdraft limits, freezes and corrections of an account, by effective time: the basis of decisions on backdated
/// commands and corrections. Balances are computed backwards from the balance now, so nothing before <see cref="Since"/> is needed.
/// </summary>
public sealed class AccountTimeline
{
    /// <summary>A start that leaves out all movements: a credit needs only the freezes.</summary>
    public static readonly DateTimeOffset NoMovements = DateTimeOffset.MaxValue;

    /// <summary>The number of added steps that are merged into the sorted ones together, because a merge copies all steps.</summary>
    private const int MaxAdded = 256;

    private readonly Step[] _steps;
    private readonly ImmutableArray<Step> _added;
    private readonly ImmutableArray<Freeze> _freezes;

    /// <summary>The correction of each corrected transaction.</summary>
    private readonly ImmutableDictionary<Guid, Guid> _corrections;

    private AccountTimeline(
        DateTimeOffset since, Step[] steps, ImmutableArray<Step> added, ImmutableArray<Freeze> freezes,
        ImmutableDictionary<Guid, Guid> corrections) =>
        (Since, _steps, _added, _freezes, _corrections) = (since, steps, added, freezes, corrections);

    /// <summary>The timeline is complete from this instant on.</summary>
    public DateTimeOffset Since { get; }

    /// <summary>The number of steps.</summary>
    public int Count => _steps.Length + _added.Length;

    /// <param name="since">Events recorded before this instant may be left out, except limits and freezes, which stay in force until
    /// changed, and corrections.</param>
    /// <param name="events">In the order of their versions.</param>
    public static AccountTimeline Of(DateTimeOffset since, IEnumerable<object> events)
    {
        var all = events as IReadOnlyCollection<object> ?? [.. events];
        var (steps, freezes) = Read(all, since != NoMovements);
        return new(since, Merge([], steps), [], freezes.ToImmutable(), WithCorrections(ImmutableDictionary<Guid, Guid>.Empty, all));
    }

    /// <summary>Adds further events of the account, which follow those of the timeline.</summary>
    public AccountTimeline With(IEnumerable<object> events)
    {
        var all = events as IReadOnlyCollection<object> ?? [.. events];
        var (steps, freezes) = Read(all, Since != NoMovements);
        var (added, corrections) = (_added.AddRange(steps), WithCorrections(_corrections, all));
        return added.Length <= MaxAdded
            ? new(Since, _steps, added, _freezes.AddRange(freezes), corrections)
            : new(Since, Merge(_steps, added), [], _freezes.AddRange(freezes), corrections);
    }

    /// <summary>The correction of a transaction, as far as it booked on this account; null if there is none.</summary>
    public Guid? CorrectionOf(Guid transaction) => _corrections.TryGetValue(transaction, out var correction) ? correction : null;

    /// <summary>Whether movements in that direction were frozen at an instant.</summary>
    public bool WasFrozen(Direction direction, DateTimeOffset at)
    {
        var frozen = false;
        foreach (var freeze in _freezes)
        {
            if (freeze.At <= at.UtcTicks && (freeze.Scope == FreezeScope.All || freeze.Scope == Scope(direction)))
            {
                frozen = freeze.Begins;
            }
        }

        return frozen;
    }

    /// <summary>The lowest available amount from an instant on.</summary>
    /// <param name="balance">The balance now, in minor units.</param>
    /// <param name="until">The instant before which to end; null to include now.</param>
    public LowestAvailable LowestAvailableSince(DateTimeOffset from, long balance, DateTimeOffset? until = null)
    {
        if (from < Since)
        {
            throw new InvalidOperationException($"The timeline begins at {Since:O} and cannot answer for {from:O}.");
        }

        var steps = _added.IsEmpty ? _steps : Merge(_steps, _added);
        var next = IndexAfter(steps, from.UtcTicks);
        Int128 then = balance;
        for (var i = next; i < steps.Length; i++)
        {
            then -= steps[i].Change;
        }

        var limited = next == 0 ? -1 : Array.FindLastIndex(steps, next - 1, s => s.Limit is not null);
        var limit = limited < 0 ? 0 : steps[limited].Limit!.Value;
        var lowest = new LowestAvailable(from, then, limit);
        var end = until?.UtcTicks ?? long.MaxValue;
        while (next < steps.Length && steps[next].At < end)
        {
            // All steps of one instant take effect together: the balance of the instant is the one after its last step.
            var at = steps[next].At;
            for (; next < steps.Length && steps[next].At == at; next++)
            {
                then += steps[next].Change;
                limit = steps[next].Limit ?? limit;
            }

            lowest = then + limit < lowest.Available ? new(new(at, TimeSpan.Zero), then, limit) : lowest;
        }

        return lowest;
    }

    private static FreezeScope Scope(Direction direction) => direction == Direction.Debit ? FreezeScope.Debit : FreezeScope.Credit;

    private static (List<Step> Steps, ImmutableArray<Freeze>.Builder Freezes) Read(IEnumerable<object> events, bool movements)
    {
        var (steps, freezes) = (new List<Step>(), ImmutableArray.CreateBuilder<Freeze>());
        foreach (var e in events)
        {
            var change = FundsChange.Of(e);
            var at = ((IAccountEvent)e).EffectiveAt.UtcTicks;
            if (change.OverdraftLimit is not null || (movements && change.Amount is not null))
            {
                steps.Add(new(at, change.Amount?.Minor ?? 0, change.OverdraftLimit?.Minor));
            }
            else if (e is AccountFrozen frozen)
            {
                freezes.Add(new(at, frozen.Scope, true));
            }
            else if (e is AccountUnfrozen unfrozen)
            {
                freezes.Add(new(at, unfrozen.Scope, false));
            }
        }

        return (steps, freezes);
    }

    private static ImmutableDictionary<Guid, Guid> WithCorrections(ImmutableDictionary<Guid, Guid> known, IEnumerable<object> events) =>
        known.SetItems(events.OfType<ICorrectionEvent>().Select(e => KeyValuePair.Create(e.Correction.Corrects, e.Correction.Id)));

    /// <summary>Merges a few steps into many sorted ones. Steps of the same instant keep the order of recording.</summary>
    private static Step[] Merge(Step[] sorted, IEnumerable<Step> added)
    {
        Step[] others = [.. added.OrderBy(s => s.At)];
        var merged = new Step[sorted.Length + others.Length];
        var from = 0;
        for (var i = 0; i < others.Length; i++)
        {
            var to = IndexAfter(sorted, others[i].At);
            Array.Copy(sorted, from, merged, from + i, to - from);
            merged[to + i] = others[i];
            from = to;
        }

        Array.Copy(sorted, from, merged, from + others.Length, sorted.Length - from);
        return merged;
    }

    /// <summary>The index of the first step after an instant.</summary>
    private static int IndexAfter(Step[] sorted, long at)
    {
        var (low, high) = (0, sorted.Length);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = sorted[middle].At > at ? (low, middle) : (middle + 1, high);
        }

        return low;
    }

    private readonly record struct Step(long At, long Change, long? Limit);

    private readonly record struct Freeze(long At, FreezeScope Scope, bool Begins);
}

/// <summary>
/// The instant of the lowest available amount, with its balance and limit in minor units. A balance of the past may need more than 64
/// bits.
/// </summary>
public readonly record struct LowestAvailable(DateTimeOffset At, Int128 Balance, long Limit)
{
    public Int128 Available => Balance + Limit;
}
