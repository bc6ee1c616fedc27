using Banking.SharedKernel;

namespace Banking.Accounts.Simulations.Replay;

/// <summary>
/// What is assumed to have been otherwise. Commands are named by the id that their events share, or by that of the refusal.
/// </summary>
internal sealed record Hypothesis
{
    /// <summary>Commands and facts that did not happen.</summary>
    public IReadOnlySet<Guid> Omitted { get; init; } = new HashSet<Guid>();

    /// <summary>Commands and facts with other values.</summary>
    public IReadOnlyDictionary<Guid, ChangedValues> Changed { get; init; } = new Dictionary<Guid, ChangedValues>();

    /// <summary>Commands and bookings that did happen.</summary>
    public IReadOnlyList<Insertion> Inserted { get; init; } = [];

    /// <summary>The overdraft limit of all accounts; null for their real limits.</summary>
    public Money? Limit { get; init; }

    /// <summary>From when the limit holds; null for the opening of each account.</summary>
    public DateTimeOffset? LimitFrom { get; init; }
}

/// <param name="Amount">Another amount, or another limit; null for the same.</param>
/// <param name="EffectiveAt">Another effective time; null for the same.</param>
internal readonly record struct ChangedValues(Money? Amount, DateTimeOffset? EffectiveAt);

/// <param name="Id">The id of the transaction that it becomes.</param>
/// <param name="Pointer">The pointer to it in the request.</param>
/// <param name="At">When the command is decided. What its accounts recorded later comes after it.</param>
/// <param name="IsFact">Whether it is booked whatever the rules say.</param>
internal sealed record Insertion(Guid Id, string Pointer, SimulatedCommand Command, DateTimeOffset At, bool IsFact);
