using Npgsql;

namespace Banking.Platform.Commands;

/// <summary>
/// Hosts that write to the same streams take turns, one group at a time. Without, each would close its group, find the other's locks, and wait
/// with half a group while the rest of its callers wait for the next one. In turn a group is closed when nothing is in its way, with all who
/// came meanwhile. It saves waiting and nothing else: what keeps hosts apart are the locks on the streams.
/// </summary>
internal static class CommandTurn
{
    /// <summary>The key of the lock that whoever has the turn holds to the end of the transaction.</summary>
    private const string Name = "commands";

    /// <summary>Whoever has it for longer than this is stuck: then it goes without. Milliseconds.</summary>
    private const int Patience = 1_000;

    /// <summary>A transaction that has the turn, or begins without it because somebody does not give it back.</summary>
    public static async Task<NpgsqlTransaction> BeginAsync(NpgsqlConnection connection)
    {
        var transaction = await connection.BeginTransactionAsync();
        try
        {
            await using var turn = new NpgsqlBatch(connection, transaction)
            {
                BatchCommands =
                {
                    new($"set local lock_timeout = {Patience}"),
                    new($"select pg_advisory_xact_lock(hashtextextended('{Name}', 0))"),
                    new("set local lock_timeout to default"),
                },
            };
            await turn.ExecuteNonQueryAsync();
            return transaction;
        }
        catch (PostgresException failure) when (failure.SqlState == PostgresErrorCodes.LockNotAvailable)
        {
            await transaction.DisposeAsync();
            return await connection.BeginTransactionAsync();
        }
        catch
        {
            await transaction.DisposeAsync();
            throw;
        }
    }
}
