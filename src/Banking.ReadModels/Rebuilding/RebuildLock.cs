using Banking.EventStore.Storage;
using Npgsql;

namespace Banking.ReadModels.Rebuilding;

/// <summary>
/// The lock that a rebuild or repair of a read model needs. It is a session lock: it ends with the process, so another process can continue
/// the rebuild of a killed one.
/// </summary>
internal static class RebuildLock
{
    /// <summary>
    /// Maximum wait for the lock. Hosts take it briefly and often to poll for rebuilds; a longer hold means that a rebuild is running.
    /// </summary>
    private static readonly TimeSpan MaxWait = TimeSpan.FromSeconds(3);

    private const string Release = "select pg_advisory_unlock_all(); reset enable_seqscan; reset work_mem";

    private static readonly TimeSpan BetweenTries = TimeSpan.FromMilliseconds(50);

    /// <summary>Takes the lock; false if a rebuild or repair holds it.</summary>
    public static async Task<bool> AcquireAsync(NpgsqlConnection connection, string model, TimeProvider clock, CancellationToken ct)
    {
        var since = clock.GetTimestamp();
        while (!await TryAcquireAsync(connection, model, ct))
        {
            if (clock.GetElapsedTime(since) > MaxWait)
            {
                return false;
            }

            await Task.Delay(BetweenTries, clock, ct);
        }

        return true;
    }

    /// <summary>Takes the lock; false if another session holds it.</summary>
    public static Task<bool> TryAcquireAsync(NpgsqlConnection connection, string model, CancellationToken ct) =>
        connection.ScalarAsync<bool>("select pg_try_advisory_lock(hashtextextended($1, 1))", ["rebuild:" + model], ct);

    /// <summary>
    /// Releases the lock and resets the settings that a rebuild changes, before the connection returns to the pool, which keeps both. Also
    /// after a failure to take the lock: the server may have granted it before the statement was cancelled.
    /// </summary>
    public static Task CloseAsync(NpgsqlConnection connection) => connection.ReleaseAsync(Release);
}
