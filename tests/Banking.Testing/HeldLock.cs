using Banking.SharedKernel;
using Npgsql;

namespace Banking.Testing;

/// <summary>
/// Something that the bank does not get at while this is held, as if a neighbour were stuck in the middle of a transaction.
/// </summary>
public sealed class HeldLock : IAsyncDisposable
{
    private readonly NpgsqlConnection _connection;
    private readonly NpgsqlTransaction _transaction;

    private HeldLock(NpgsqlConnection connection, NpgsqlTransaction transaction) => (_connection, _transaction) = (connection, transaction);

    /// <summary>
    /// An account: the first command on it waits in the database, and whatever comes after it waits in the host. The bank gives up after
    /// five seconds.
    /// </summary>
    public static Task<HeldLock> OfAccountAsync(string connectionString, string account) =>
        HoldAsync(
            connectionString,
            "select 1 from bank.mt_streams where id = $1 for update",
            PublicId.TryParse("acc", account, out var id) ? id : throw new FormatException(account));

    private static async Task<HeldLock> HoldAsync(string connectionString, string sql, object what)
    {
        var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false }.ConnectionString);
        await connection.OpenAsync();
        var transaction = await connection.BeginTransactionAsync();
        await using var command = new NpgsqlCommand(sql, connection, transaction) { Parameters = { new() { Value = what } } };
        return await command.ExecuteScalarAsync() is int
            ? new(connection, transaction)
            : throw new InvalidOperationException($"There is no {what} to be held.");
    }

    /// <summary>Returns when a command waits for it.</summary>
    public Task UntilWaitedForAsync() => Eventually.UntilAsync(IsWaitedForAsync, isWaitedFor => isWaitedFor);

    public async Task<bool> IsWaitedForAsync()
    {
        await using var command = new NpgsqlCommand(
            "select exists (select 1 from pg_locks where not granted and pg_backend_pid() = any(pg_blocking_pids(pid)))",
            _connection,
            _transaction);
        return await command.ExecuteScalarAsync() is true;
    }

    /// <summary>Lets go of it.</summary>
    public async ValueTask DisposeAsync()
    {
        await _transaction.DisposeAsync();
        await _connection.DisposeAsync();
    }
}
