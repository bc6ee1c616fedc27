namespace Banking.ReadModels.Archiving;

/// <summary>Old events were written to a file, read back, compared with the log, and named by the manifest.</summary>
/// <param name="File">Name of the file.</param>
/// <param name="Sha256">SHA-256 of its bytes.</param>
/// <param name="Events">Number of events in it.</param>
/// <param name="FirstPosition">Position of its first event in the log.</param>
/// <param name="LastPosition">Position of its last event in the log.</param>
/// <param name="EffectiveAt">When that was done.</param>
public sealed record EventsArchived(
    string File, string Sha256, long Events, long FirstPosition, long LastPosition, DateTimeOffset EffectiveAt);

/// <summary>
/// A removal of the data of rows, or its opposite, changed its first rows. Until its end is recorded, or that of a later one, only the rows
/// themselves say how many are without data.
/// </summary>
/// <param name="File">Name of the file.</param>
/// <param name="IsRemoval">Whether rows lose their data; otherwise they get it back.</param>
/// <param name="EffectiveAt">When it began.</param>
public sealed record ArchivedRowsChangeStarted(string File, bool IsRemoval, DateTimeOffset EffectiveAt);

/// <summary>Rows of the log lost their data, which a file has.</summary>
/// <param name="File">Name of the file.</param>
/// <param name="Rows">Number of rows without data, of all events of the file.</param>
/// <param name="EffectiveAt">When that was done.</param>
public sealed record ArchivedRowsRemoved(string File, long Rows, DateTimeOffset EffectiveAt);

/// <summary>All rows of the log that lacked the data of a file have it again.</summary>
/// <param name="File">Name of the file.</param>
/// <param name="Rows">Number of rows that got it back.</param>
/// <param name="EffectiveAt">When that was done.</param>
public sealed record ArchivedRowsRestored(string File, long Rows, DateTimeOffset EffectiveAt);

/// <summary>A file was read and compared with the manifest and with the rows of the log.</summary>
/// <param name="File">Name of the file.</param>
/// <param name="Succeeded">Whether nothing differs.</param>
/// <param name="Report">What differs; empty if nothing does.</param>
/// <param name="EffectiveAt">When that was done.</param>
public sealed record ArchiveChecked(string File, bool Succeeded, string Report, DateTimeOffset EffectiveAt);

/// <summary>A file must not be deleted while it is held, such as for a court.</summary>
/// <param name="File">Name of the file.</param>
/// <param name="EffectiveAt">When it was held.</param>
public sealed record ArchiveHeld(string File, DateTimeOffset EffectiveAt);

/// <summary>The last hold of a file ended.</summary>
/// <param name="File">Name of the file.</param>
/// <param name="EffectiveAt">When it ended.</param>
public sealed record ArchiveReleased(string File, DateTimeOffset EffectiveAt);

/// <summary>A file was deleted by a rule, and the data of its events with it.</summary>
/// <param name="File">Name of the file.</param>
/// <param name="OlderThan">The rule: all of its events were recorded before this instant.</param>
/// <param name="Events">Number of its events.</param>
/// <param name="EffectiveAt">When it was deleted.</param>
public sealed record ArchiveDeleted(string File, DateTimeOffset OlderThan, long Events, DateTimeOffset EffectiveAt);
