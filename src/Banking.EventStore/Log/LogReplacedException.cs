namespace Banking.EventStore.Log;

/// <summary>The database was restored in place: positions and events of the former log must not be used with the current one.</summary>
public sealed class LogReplacedException()
    : Exception("The database was restored while the log was read; the next attempt reads the restored log.");
