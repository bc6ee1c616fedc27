using Npgsql;

namespace Banking.Testing;

/// <summary>
/// SQL that locks several tables while a bank reads them in another order, such as a trigger on a partitioned table. PostgreSQL may end it
/// as the victim of a deadlock. Nothing is changed then, and it runs again.
/// </summary>
public static class Deadlocks
{
    private const int MaxAttempts = 5;

    public static async Task<T> RetryAsync<T>(Func<Task<T>> run)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await run();
            }
            catch (PostgresException failure) when (failure.SqlState == PostgresErrorCodes.DeadlockDetected && attempt < MaxAttempts)
            {
                // The next attempt follows.
            }
        }
    }
}
