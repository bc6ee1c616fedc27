using Banking.ReadModels.Books;

namespace Banking.ReadModels.Documents;

/// <summary>Progress of a document read model, its pause, and its last rebuild.</summary>
/// <param name="Position">Position of the last event it includes.</param>
/// <param name="End">Position of the last event of the log.</param>
/// <param name="UpdatedAt">When its progress last moved; null if it never did.</param>
/// <param name="Generation">One more than the number of finished rebuilds.</param>
/// <param name="PausedAt">Set while an event that cannot be projected blocks it.</param>
/// <param name="PausePosition">Position of the blocking event.</param>
/// <param name="RequestedAt">When the last rebuild was requested; null if there was none.</param>
/// <param name="Target">The end of the log when that rebuild began.</param>
/// <param name="Outcome">The result of that rebuild; null until it has finished.</param>
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
    /// <summary>Whether a requested rebuild has not finished: if a host ends during a rebuild, the next host runs it.</summary>
    public bool IsRebuildDue => RequestedAt is not null && FinishedAt is null;

    /// <summary>
    /// Whether a daemon that began with an earlier status must begin again: for a rebuild, after a resume, or in another log.
    /// </summary>
    public bool IsOutdated(ProjectionStatus before)
    {
        return IsRebuildDue || PausePosition != before.PausePosition || Position < before.Position;
    }

    /// <summary>Converts it to the form in which operators see all read models.</summary>
    public Generation AsGeneration() =>
        new(
            Model.Name,
            Generation,
            Model.Version,
            IsRebuildDue ? GenerationState.Building : GenerationState.Active,
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
