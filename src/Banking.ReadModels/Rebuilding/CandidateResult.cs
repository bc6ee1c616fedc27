using Banking.ReadModels.Books;

namespace Banking.ReadModels.Rebuilding;

/// <summary>The result of comparing a candidate.</summary>
/// <param name="Rows">Number of rows that differ.</param>
/// <param name="First">The first of them.</param>
/// <param name="IsWrong">Whether they differ from the log itself, and not only from the active version.</param>
public sealed record CandidateResult(long Rows, IReadOnlyList<Difference> First, bool IsWrong)
{
    /// <summary>The state of a candidate with this result, and the reason for the operator log.</summary>
    internal (string State, string Why) Outcome => this switch
    {
        { IsWrong: true } => (GenerationState.Failed, "the new rows differ from the log"),
        { Rows: 0 } => (GenerationState.Equal, "the new rows equal the active version"),
        _ => (GenerationState.Differs, "the new rows differ from the active version"),
    };
}
