namespace Banking.ReadModels.Books;

/// <summary>A rebuild of a read model from the log was requested. The active version stays in use meanwhile.</summary>
/// <param name="Model">The read model.</param>
/// <param name="Generation">The number of the generation to build.</param>
/// <param name="ModelVersion">The version of the read model that builds it.</param>
/// <param name="EffectiveAt">When the rebuild was requested.</param>
public sealed record RebuildRequested(string Model, int Generation, int ModelVersion, DateTimeOffset EffectiveAt);

/// <summary>A rebuild of a read model ended. The outcome tells whether the new generation is active.</summary>
/// <param name="Model">The read model.</param>
/// <param name="Generation">The number of the new generation.</param>
/// <param name="Outcome">serving, differs, equal, failed or cancelled.</param>
/// <param name="Position">The position of the last event that it includes.</param>
/// <param name="Differences">How many rows differed.</param>
/// <param name="EffectiveAt">When the rebuild ended.</param>
public sealed record RebuildFinished(
    string Model, int Generation, string Outcome, long Position, int Differences, DateTimeOffset EffectiveAt);

/// <summary>A read model paused right before an event that it cannot project. Other read models continue.</summary>
/// <param name="Model">The read model.</param>
/// <param name="Generation">The number of the paused generation.</param>
/// <param name="Position">The position of the event.</param>
/// <param name="Failure">Why the event cannot be projected.</param>
/// <param name="EffectiveAt">When the read model paused.</param>
public sealed record ReadModelPaused(string Model, int Generation, long Position, string Failure, DateTimeOffset EffectiveAt);

/// <summary>An operator resumed a paused read model.</summary>
/// <param name="Model">The read model.</param>
/// <param name="Generation">The number of the resumed generation.</param>
/// <param name="EffectiveAt">When the read model was resumed.</param>
public sealed record ReadModelResumed(string Model, int Generation, DateTimeOffset EffectiveAt);

/// <summary>Stored data differed from the event log.</summary>
/// <param name="Model">The read model, the kind of stored state, or the part of the comparison such as receipts.</param>
/// <param name="Table">The table whose rows differ.</param>
/// <param name="Stream">The stream whose rows differ; absent for data that belongs to no stream, such as sums.</param>
/// <param name="Rows">How many rows differ.</param>
/// <param name="Expected">The first of them as the log gives it, JSON; absent if there should be none.</param>
/// <param name="Found">The first of them as it was stored, JSON; absent if it was missing.</param>
/// <param name="Repaired">Whether the rows were rebuilt from the log in the same transaction.</param>
/// <param name="EffectiveAt">When the difference was found.</param>
public sealed record DriftFound(
    string Model, string Table, Guid? Stream, int Rows, string? Expected, string? Found, bool Repaired, DateTimeOffset EffectiveAt);
