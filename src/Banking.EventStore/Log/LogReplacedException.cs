namespace Banking.EventStore.Log;

/// <summary>
/// The database was restored in place: a position, or events, of the log before the restore must not be used with the log that is there
/// now.
/// </summary>
public sealed class LogReplacedException()
    : Exception("The database was restored while the log was being followed; the next attempt reads the log that is there.");
