using Banking.SharedKernel;
using Npgsql;

namespace Banking.Testing;

/// <summary>
/// An account that the bank does not get at while this is held, as if a neighbour were stuck in the middle of a transaction: the first
/// command on it waits in the database, and whatever comes after it waits in the host. The bank gives up after five seconds.
/// </summary>
public sealed class HeldAccount : IAsyncDisposable
{
    private readonly NpgsqlConnection _connection;
    private readonly NpgsqlTransaction _transaction;

    private HeldAccount(NpgsqlConnection connection, NpgsqlTransaction transaction) => (_connection, _transaction) = (connection, transaction);

    public static async Task<HeldAccount> HoldAsync(string connectionString, string account)
    {
        var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false }.ConnectionString);
        await connection.OpenAsync();
        var transaction = await connection.BeginTransactionAsync();
        await using var command = new NpgsqlCommand("select version from bank.mt_streams where id = $1 for update", connection, transaction)
        {
            Parameters = { new() { Value = PublicId.TryParse("acc", account, out var id) ? id : throw new FormatException(account) } },
        };
        return await command.ExecuteScalarAsync() is long
            ? new(connection, transaction)
            : throw new InvalidOperationException($"There is no account {account} to be held.");
    }

    /// <summary>Returns when a command waits for the account.</summary>
    public async Task UntilWaitedForAsync()
    {
        await using var command = new NpgsqlCommand(
            "select exists (select 1 from pg_locks where not granted and pg_backend_pid() = any(pg_blocking_pids(pid)))", _connection, _transaction);
        while (await command.ExecuteScalarAsync() is not true)
        {
            await Task.Yield();
        }
    }

    /// <summary>Lets go of it.</summary>
    public async ValueTask DisposeAsync()
    {
        await _transaction.DisposeAsync();
        await _connection.DisposeAsync();
    }
}
