using System.Data;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Banking.EventStore.Log;

/// <summary>
/// What one host of the bank does for all of them, as long as the connection lives that holds a lock in the database; another takes over
/// where it is gone. Two may both believe that they lead for a moment: what is led must bear that.
/// </summary>
public static class Leader
{
    /// <summary>Between two looks at whether this host leads, or may.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Does something whenever no other host does it, until it is stopped. Where that fails it begins anew, here or elsewhere.
    /// </summary>
    /// <param name="lead">Cancelled when this host does not lead any more; over before another host is let in, unless the connection
    /// broke.</param>
    /// <param name="standIn">Done after each look that found another host leading.</param>
    public static async Task RunAsync(
        NpgsqlDataSource source,
        string what,
        Func<CancellationToken, Task> lead,
        ILogger logger,
        CancellationToken stopping,
        Func<CancellationToken, Task>? standIn = null)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(lead);
        var fails = false;
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                await LeadAsync(source, what, lead, stopping);
                await (standIn?.Invoke(stopping) ?? Task.CompletedTask);
                fails = false;
            }
            catch (Exception failure) when (!stopping.IsCancellationRequested)
            {
                // Once: a database that is away for an hour is one piece of news.
                logger.Log(
                    fails ? LogLevel.Debug : LogLevel.Warning,
                    failure,
                    "{What} could not be led, or asked for, by this host; it tries again",
                    what);
                fails = true;
            }

            await Task.Delay(Pause, stopping);
        }
    }

    /// <summary>Returns at once where another host leads.</summary>
    private static async Task LeadAsync(
        NpgsqlDataSource source, string what, Func<CancellationToken, Task> lead, CancellationToken stopping)
    {
        await using var held = await Lock.TryAsync(source, what, stopping);
        if (held is null)
        {
            return;
        }

        using var over = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        var leading = Task.Run(() => lead(over.Token), CancellationToken.None);
        try
        {
            while (await Task.WhenAny(leading, Task.Delay(Pause, stopping)) != leading)
            {
                await held.ConfirmAsync(stopping);
            }
        }
        finally
        {
            await over.CancelAsync();
            await leading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await leading;
    }

    private sealed class Lock(NpgsqlConnection connection, string what) : IAsyncDisposable
    {
        /// <summary>Null where another host has it.</summary>
        public static async Task<Lock?> TryAsync(NpgsqlDataSource source, string what, CancellationToken ct)
        {
            var connection = await source.OpenConnectionAsync(ct);
            try
            {
                await using var take = new NpgsqlCommand("select pg_try_advisory_lock(hashtextextended($1, 0))", connection)
                {
                    Parameters = { new() { Value = what } },
                };
                if (await take.ExecuteScalarAsync(ct) is true)
                {
                    return new(connection, what);
                }
            }
            catch
            {
                await connection.DisposeAsync();
                throw;
            }

            await connection.DisposeAsync();
            return null;
        }

        /// <summary>Throws where the connection, and with it the lock, is gone.</summary>
        public async Task ConfirmAsync(CancellationToken ct)
        {
            await using var alive = new NpgsqlCommand("select 1", connection) { CommandTimeout = 5 };
            await alive.ExecuteScalarAsync(ct);
        }

        public async ValueTask DisposeAsync()
        {
            await using (connection)
            {
                if (connection.FullState != ConnectionState.Open)
                {
                    return;
                }

                try
                {
                    // A connection that goes back to the pool keeps its locks.
                    await using var give = new NpgsqlCommand("select pg_advisory_unlock(hashtextextended($1, 0))", connection)
                    {
                        CommandTimeout = 5,
                        Parameters = { new() { Value = what } },
                    };
                    await give.ExecuteNonQueryAsync(CancellationToken.None);
                }
                catch (NpgsqlException)
                {
                    // Broken meanwhile: then it has lost them, and Npgsql does not put it back.
                }
            }
        }
    }
}
