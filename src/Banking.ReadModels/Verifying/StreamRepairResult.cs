using Banking.ReadModels.Books;

namespace Banking.ReadModels.Verifying;

/// <summary>What became of the repair of a stream.</summary>
public enum StreamRepairOutcome
{
    /// <summary>It is done.</summary>
    Done,

    /// <summary>A book that differs is being rebuilt or repaired, or its candidate waits for a decision. Nothing was repaired.</summary>
    NotPossibleNow,

    /// <summary>The commit got no answer. Another repair removes what still differs.</summary>
    Unknown,
}

/// <summary>The result of a repair of a stream.</summary>
/// <param name="Repaired">Differences that the repair removed.</param>
/// <param name="Remaining">Differences that remain; null if they are not known.</param>
public sealed record StreamRepairResult(
    StreamRepairOutcome Outcome, IReadOnlyList<Difference> Repaired, IReadOnlyList<Difference>? Remaining)
{
    internal static StreamRepairResult Of(StreamRepairOutcome outcome) => new(outcome, [], null);
}
