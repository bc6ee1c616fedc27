using System.Collections.Immutable;
using Banking.Accounts.Contracts;

namespace Banking.Accounts.Domain;

/// <summary>
/// What a backdated movement must know of an account: how it moved, what it might overdraw and when it was frozen, in the order of the
/// instants at which that counts. Balances are told backwards from the balance now: nothing before <see cref="Since"/> has to be known for
/// them.
/// </summary>
public sealed class AccountPast
{
    /// <summary>For a past without movements: one that money is only paid into needs none of them.</summary>
    public static readonly DateTimeOffset NoMovements = DateTimeOffset.MaxValue;

    /// <summary>Steps are added one by one; so many are merged into the others together.</summary>
    private const int MaxAdded = 256;

    private readonly Step[] _steps;
    private readonly ImmutableArray<Step> _added;
    private readonly ImmutableArray<Freeze> _freezes;

    private AccountPast(DateTimeOffset since, Step[] steps, ImmutableArray<Step> added, ImmutableArray<Freeze> freezes) =>
        (Since, _steps, _added, _freezes) = (since, steps, added, freezes);

    /// <summary>From this instant on it knows everything that counted.</summary>
    public DateTimeOffset Since { get; }

    /// <summary>How many steps it holds.</summary>
    public int Count => _steps.Length + _added.Length;

    /// <param name="since">What was recorded before it may be left out, except limits and freezes, which hold until they are
    /// changed.</param>
    /// <param name="events">In the order of their versions.</param>
    public static AccountPast Of(DateTimeOffset since, IEnumerable<object> events)
    {
        ArgumentNullException.ThrowIfNull(events);
        var (steps, freezes) = Read(events, since != NoMovements);
        return new(since, Merged([], steps), [], freezes.ToImmutable());
    }

    /// <summary>After more events of the account, which follow those that it knows.</summary>
    public AccountPast With(IEnumerable<object> events)
    {
        ArgumentNullException.ThrowIfNull(events);
        var (steps, freezes) = Read(events, Since != NoMovements);
        var added = _added.AddRange(steps);
        return added.Length <= MaxAdded
            ? new(Since, _steps, added, _freezes.AddRange(freezes))
            : new(Since, Merged(_steps, added), [], _freezes.AddRange(freezes));
    }

    /// <summary>Whether money did not move that way at an instant.</summary>
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

    /// <summary>The instant since which least was available, from one instant on until now.</summary>
    /// <param name="balance">The balance now, in minor units.</param>
    public Least LeastSince(DateTimeOffset from, long balance)
    {
        if (from < Since)
        {
            throw new InvalidOperationException($"The past since {Since:O} does not tell what was at {from:O}.");
        }

        var steps = _added.IsEmpty ? _steps : Merged(_steps, _added);
        var next = After(steps, from.UtcTicks);
        Int128 then = balance;
        for (var i = next; i < steps.Length; i++)
        {
            then -= steps[i].Change;
        }

        var limited = next == 0 ? -1 : Array.FindLastIndex(steps, next - 1, s => s.Limit is not null);
        var limit = limited < 0 ? 0 : steps[limited].Limit!.Value;
        var least = new Least(from, then, limit);
        while (next < steps.Length)
        {
            // Of one instant all counts at once: its balance is the one after the last of its steps.
            var at = steps[next].At;
            for (; next < steps.Length && steps[next].At == at; next++)
            {
                then += steps[next].Change;
                limit = steps[next].Limit ?? limit;
            }

            least = then + limit < least.Available ? new(new(at, TimeSpan.Zero), then, limit) : least;
        }

        return least;
    }

    private static FreezeScope Scope(Direction direction) => direction == Direction.Debit ? FreezeScope.Debit : FreezeScope.Credit;

    private static (List<Step> Steps, ImmutableArray<Freeze>.Builder Freezes) Read(IEnumerable<object> events, bool movements)
    {
        var (steps, freezes) = (new List<Step>(), ImmutableArray.CreateBuilder<Freeze>());
        foreach (var e in events)
        {
            switch (e)
            {
                case IMovement movement when movements:
                    var minor = movement.Amount.Minor;
                    steps.Add(new(movement.EffectiveAt.UtcTicks, movement.Direction == Direction.Credit ? minor : -minor, null));
                    break;
                case AccountOpened opened:
                    steps.Add(new(opened.EffectiveAt.UtcTicks, 0, opened.OverdraftLimit.Minor));
                    break;
                case OverdraftLimitSet set:
                    steps.Add(new(set.EffectiveAt.UtcTicks, 0, set.Limit.Minor));
                    break;
                case AccountFrozen frozen:
                    freezes.Add(new(frozen.EffectiveAt.UtcTicks, frozen.Scope, true));
                    break;
                case AccountUnfrozen unfrozen:
                    freezes.Add(new(unfrozen.EffectiveAt.UtcTicks, unfrozen.Scope, false));
                    break;
                default:
                    break;
            }
        }

        return (steps, freezes);
    }

    /// <summary>
    /// Few steps among many that are sorted; in the order in which they were recorded where they count at the same instant.
    /// </summary>
    private static Step[] Merged(Step[] sorted, IEnumerable<Step> added)
    {
        Step[] others = [.. added.OrderBy(s => s.At)];
        var merged = new Step[sorted.Length + others.Length];
        var from = 0;
        for (var i = 0; i < others.Length; i++)
        {
            var to = After(sorted, others[i].At);
            Array.Copy(sorted, from, merged, from + i, to - from);
            merged[to + i] = others[i];
            from = to;
        }

        Array.Copy(sorted, from, merged, from + others.Length, sorted.Length - from);
        return merged;
    }

    /// <summary>The place of the first step behind an instant.</summary>
    private static int After(Step[] sorted, long at)
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
/// When least was available, with the balance and the limit of that instant in minor units. A balance of the past may need more than 64
/// bits.
/// </summary>
public readonly record struct Least(DateTimeOffset At, Int128 Balance, long Limit)
{
    public Int128 Available => Balance + Limit;
}
