namespace Banking.ReadModels.Books;

/// <summary>Somebody asked for a read model to be made anew from the log, beside the one that serves.</summary>
/// <param name="Model">The read model.</param>
/// <param name="Generation">The number of the tables that are made.</param>
/// <param name="ModelVersion">The version of the read model that makes them.</param>
/// <param name="EffectiveAt">When it was asked.</param>
public sealed record RebuildRequested(string Model, int Generation, int ModelVersion, DateTimeOffset EffectiveAt);

/// <summary>A generation of a read model was made, and serves or does not.</summary>
/// <param name="Model">The read model.</param>
/// <param name="Generation">The number of the tables that were made.</param>
/// <param name="Outcome">serving, differs, failed or cancelled.</param>
/// <param name="Position">The position of the last event in it.</param>
/// <param name="Differences">How many rows differed.</param>
/// <param name="EffectiveAt">When it was done.</param>
public sealed record RebuildFinished(
    string Model, int Generation, string Outcome, long Position, int Differences, DateTimeOffset EffectiveAt);

/// <summary>A read model met an event that it cannot project, and stopped right before it. The others go on.</summary>
/// <param name="Model">The read model.</param>
/// <param name="Generation">The number of its tables.</param>
/// <param name="Position">The position of that event.</param>
/// <param name="Failure">What went wrong.</param>
/// <param name="EffectiveAt">When it stopped.</param>
public sealed record ReadModelPaused(string Model, int Generation, long Position, string Failure, DateTimeOffset EffectiveAt);

/// <summary>Somebody let a read model go on that had stopped.</summary>
/// <param name="Model">The read model.</param>
/// <param name="Generation">The number of its tables.</param>
/// <param name="EffectiveAt">When it was let.</param>
public sealed record ReadModelResumed(string Model, int Generation, DateTimeOffset EffectiveAt);

/// <summary>Stored data differed from the event log.</summary>
/// <param name="Model">The read model, the kind of stored state, or the part of the comparison such as receipts.</param>
/// <param name="Table">The table whose rows differ.</param>
/// <param name="Stream">The stream whose rows differ; absent for data that belongs to no stream, such as sums.</param>
/// <param name="Rows">How many rows differ.</param>
/// <param name="Expected">The first of them as the log makes it, JSON; absent where there should be none.</param>
/// <param name="Found">The first of them as it was, JSON; absent where it was missing.</param>
/// <param name="Repaired">Whether the rows were made anew from the log in the same transaction.</param>
/// <param name="EffectiveAt">When it was found.</param>
public sealed record DriftFound(
    string Model, string Table, Guid? Stream, int Rows, string? Expected, string? Found, bool Repaired, DateTimeOffset EffectiveAt);
