using Banking.ReadModels.Books;

namespace Banking.ReadModels.Documents;

/// <summary>How far a document read model is, what stops it, and its last rebuild.</summary>
/// <param name="Position">The last event in it.</param>
/// <param name="End">The last event of the log.</param>
/// <param name="UpdatedAt">When it was last brought forward; null where it never was.</param>
/// <param name="Generation">One more than the rebuilds that have finished.</param>
/// <param name="PausedAt">Set while an event keeps it from going on.</param>
/// <param name="PausePosition">That event.</param>
/// <param name="RequestedAt">When the last rebuild was asked for; null where none was.</param>
/// <param name="Target">The end of the log when that rebuild began.</param>
/// <param name="Outcome">What came of it; null until it has finished.</param>
public sealed record ProjectionStatus(
    DocumentModel Model,
    long Position,
    long End,
    DateTimeOffset? UpdatedAt,
    int Generation,
    DateTimeOffset? PausedAt,
    long? PausePosition,
    string? PauseReason,
    DateTimeOffset? RequestedAt,
    string? RequestedBy,
    string? Reason,
    DateTimeOffset? StartedAt,
    long? Target,
    DateTimeOffset? FinishedAt,
    string? Outcome)
{
    /// <summary>Whether a rebuild was asked for and has not finished: a host that stops in the middle leaves it to the next.</summary>
    public bool IsRebuildDue => RequestedAt is not null && FinishedAt is null;

    /// <summary>In the form in which operators see all read models.</summary>
    public Generation AsGeneration() =>
        new(
            Model.Name,
            Generation,
            Model.Version,
            IsRebuildDue ? GenerationState.Building : GenerationState.Serving,
            Position,
            UpdatedAt ?? DateTimeOffset.UnixEpoch,
            PausedAt,
            PauseReason,
            PausePosition,
            RequestedAt ?? DateTimeOffset.UnixEpoch,
            RequestedBy ?? "bank",
            Reason ?? "made when the bank began",
            StartedAt,
            0,
            Target,
            FinishedAt,
            Outcome,
            null,
            false,
            FinishedAt,
            0)
        {
            HasTables = false,
        };
}
