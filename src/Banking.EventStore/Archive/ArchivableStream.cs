namespace Banking.EventStore.Archive;

/// <summary>A kind of stream whose old events may be archived. Types are named by their present names.</summary>
/// <param name="EndTypes">
/// Types of events that end a stream. A stream whose last event has one of these, or is an earlier version of it, is archived whole.
/// </param>
/// <param name="CarryTypes">Types of events that carry the state of the stream. What is before the last of these is archived.</param>
/// <param name="KeptTypes">
/// Types whose rows keep their data in the database, with all earlier versions, although they are in the file too: SQL finds rows by it.
/// The types that documents are made of are kept as well.
/// </param>
public sealed record ArchivableStream(
    string StreamType, IReadOnlyCollection<string> EndTypes, IReadOnlyCollection<string> CarryTypes, IReadOnlyCollection<string> KeptTypes);

/// <summary>A reader that follows the log: rows lose their data only when all followers are past them.</summary>
/// <param name="Sql">Selects the lowest position of these readers; null if there are none.</param>
public sealed record LogFollower(string Name, string Sql);
