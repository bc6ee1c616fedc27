using Banking.EventStore.Storage;
using Npgsql;

namespace Banking.ReadModels.Archiving;

/// <summary>The lock of the session that changes the archive. It ends with the session.</summary>
public static class ArchiveLock
{
    /// <returns>Whether no other session has it.</returns>
    public static Task<bool> TryAsync(NpgsqlConnection connection, CancellationToken ct) =>
        connection.ScalarAsync<bool>("select pg_try_advisory_lock(hashtextextended('event-archive', 0))", [], ct);
}
