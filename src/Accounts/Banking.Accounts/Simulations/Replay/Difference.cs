using Banking.Commands.Decisions;
using Banking.SharedKernel;

namespace Banking.Accounts.Simulations.Replay;

/// <summary>How the simulated history differs from the real one.</summary>
public enum DifferenceKind
{
    /// <summary>The hypothesis omits it.</summary>
    Omitted,

    /// <summary>The hypothesis changes it.</summary>
    Changed,

    /// <summary>The hypothesis inserts it.</summary>
    Inserted,

    /// <summary>It was accepted, and would have been refused.</summary>
    Refused,

    /// <summary>It was refused, and would have been accepted.</summary>
    Accepted,

    /// <summary>It was refused, and would have been refused by another rule.</summary>
    RefusedOtherwise,

    /// <summary>A correction would have booked something else.</summary>
    BookedOtherwise,
}

/// <summary>One command or fact that is not the same in both histories.</summary>
/// <param name="Account">The first of its accounts that the simulation has.</param>
/// <param name="Other">The account on the other side of a transfer.</param>
/// <param name="Id">The public id of the transaction, event or refusal; of an insertion, the pointer to it in the request.</param>
/// <param name="Type">The stored name of the event or of the command.</param>
/// <param name="Amount">The amount in the real history.</param>
/// <param name="SimulatedAmount">The amount in the simulated history.</param>
/// <param name="RealCode">The code of the stored refusal.</param>
/// <param name="Refusal">The refusal in the simulated history.</param>
/// <param name="Balance">The real balance of the account afterwards.</param>
/// <param name="SimulatedBalance">The simulated balance of the account afterwards.</param>
internal sealed record Difference(
    DifferenceKind Kind, Guid Account, Guid? Other, string Id, string Type, DateTimeOffset RecordedAt, DateTimeOffset? EffectiveAt,
    Money? Amount, Money? SimulatedAmount, string? RealCode, Refusal? Refusal, Money? Balance, Money? SimulatedBalance);

/// <summary>The first differences, and the number of each kind.</summary>
internal sealed class DifferenceList(int maxListed)
{
    private readonly List<Difference> _first = [];
    private readonly HashSet<Guid> _accounts = [];
    private readonly SortedDictionary<DifferenceKind, long> _counts = [];

    public IReadOnlyList<Difference> First => _first;

    public IReadOnlyDictionary<DifferenceKind, long> Counts => _counts;

    /// <summary>The accounts of all differences.</summary>
    public IReadOnlySet<Guid> Accounts => _accounts;

    /// <summary>The number of inserted commands that are refused.</summary>
    public long InsertedRefused { get; private set; }

    /// <summary>The number of changed commands that are refused.</summary>
    public long ChangedRefused { get; private set; }

    public void Add(Difference difference)
    {
        _counts[difference.Kind] = _counts.GetValueOrDefault(difference.Kind) + 1;
        _accounts.Add(difference.Account);
        InsertedRefused += difference is { Kind: DifferenceKind.Inserted, Refusal: not null } ? 1 : 0;
        ChangedRefused += difference is { Kind: DifferenceKind.Changed, Refusal: not null } ? 1 : 0;
        if (_first.Count < maxListed)
        {
            _first.Add(difference);
        }
    }
}
