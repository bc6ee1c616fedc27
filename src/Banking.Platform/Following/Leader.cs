using System.Data;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Banking.Platform.Following;

/// <summary>
/// What one host of the bank does for all of them, as long as the connection lives that holds a lock in the database; another takes over where it is
/// gone. Two may both believe that they lead for a moment: what is led must bear that.
/// </summary>
public sealed class Leader : IAsyncDisposable
{
    /// <summary>Between two looks at whether this host leads, or may.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly NpgsqlConnection _connection;
    private readonly string _what;

    private Leader(NpgsqlConnection connection, string what) => (_connection, _what) = (connection, what);

    /// <summary>Null where another host leads.</summary>
    private static async Task<Leader?> TryAsync(NpgsqlDataSource source, string what, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(source);
        var connection = await source.OpenConnectionAsync(ct);
        try
        {
            await using var take = new NpgsqlCommand("select pg_try_advisory_lock(hashtextextended($1, 0))", connection) { Parameters = { new() { Value = what } } };
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

    /// <summary>Does something whenever no other host does it, until it is stopped. Where that fails it begins anew, here or elsewhere.</summary>
    /// <param name="lead">Cancelled when this host does not lead any more; over before another host is let in, unless the connection broke.</param>
    /// <param name="standIn">Done after each look, whoever leads.</param>
    public static async Task RunAsync(
        NpgsqlDataSource source, string what, Func<CancellationToken, Task> lead, ILogger logger, CancellationToken stopping, Func<CancellationToken, Task>? standIn = null)
    {
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                await LeadAsync(source, what, lead, stopping);
                await (standIn?.Invoke(stopping) ?? Task.CompletedTask);
            }
            catch (Exception failure) when (!stopping.IsCancellationRequested)
            {
                logger.LogWarning(failure, "What this host does for all ({What}) was interrupted; it goes on", what);
            }

            await Task.Delay(Pause, stopping);
        }
    }

    /// <summary>Returns at once where another host leads.</summary>
    private static async Task LeadAsync(NpgsqlDataSource source, string what, Func<CancellationToken, Task> lead, CancellationToken stopping)
    {
        await using var leader = await TryAsync(source, what, stopping);
        if (leader is null)
        {
            return;
        }

        using var over = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        var leading = Task.Run(() => lead(over.Token), CancellationToken.None);
        try
        {
            while (await Task.WhenAny(leading, Task.Delay(Pause, stopping)) != leading)
            {
                await leader.ConfirmAsync(stopping);
            }
        }
        finally
        {
            await over.CancelAsync();
            await leading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await leading;
    }

    /// <summary>Throws where the connection, and with it the lock, is gone.</summary>
    private async Task ConfirmAsync(CancellationToken ct)
    {
        await using var alive = new NpgsqlCommand("select 1", _connection) { CommandTimeout = 5 };
        await alive.ExecuteScalarAsync(ct);
    }

    public async ValueTask DisposeAsync()
    {
        await using (_connection)
        {
            if (_connection.FullState != ConnectionState.Open)
            {
                return;
            }

            try
            {
                // A connection that goes back to the pool keeps its locks.
                await using var give = new NpgsqlCommand("select pg_advisory_unlock(hashtextextended($1, 0))", _connection)
                {
                    CommandTimeout = 5,
                    Parameters = { new() { Value = _what } },
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
