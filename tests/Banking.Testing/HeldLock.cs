using Banking.SharedKernel;
using Npgsql;

namespace Banking.Testing;

/// <summary>
/// A row lock that blocks the bank until disposed, as if another process hung in the middle of a transaction.
/// </summary>
public sealed class HeldLock : IAsyncDisposable
{
    private readonly NpgsqlConnection _connection;
    private readonly NpgsqlTransaction _transaction;

    private HeldLock(NpgsqlConnection connection, NpgsqlTransaction transaction) => (_connection, _transaction) = (connection, transaction);

    /// <summary>
    /// Locks the stream of an account. The first command on the account waits in the database, later commands wait in the host. The bank
    /// gives up after five seconds.
    /// </summary>
    public static Task<HeldLock> OfAccountAsync(string connectionString, string account) =>
        OfStreamAsync(connectionString, "acc", account);

    /// <summary>Locks a stream. Commands on it wait as those on a locked account do.</summary>
    /// <param name="prefix">The prefix of the public ids of such streams.</param>
    public static Task<HeldLock> OfStreamAsync(string connectionString, string prefix, string stream) =>
        LockAsync(
            connectionString,
            "select 1 from bank.mt_streams where id = $1 for update",
            PublicId.TryParse(prefix, stream, out var id) ? id : throw new FormatException(stream));

    /// <summary>Locks the active version of a book, as its writer does.</summary>
    public static Task<HeldLock> OfBookAsync(string connectionString, string name) =>
        LockAsync(connectionString, "select 1 from platform.read_model where name = $1 and state = 'serving' for update", name);

    private static async Task<HeldLock> LockAsync(string connectionString, string sql, object id)
    {
        var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false }.ConnectionString);
        await connection.OpenAsync();
        var transaction = await connection.BeginTransactionAsync();
        await using var command = new NpgsqlCommand(sql, connection, transaction) { Parameters = { new() { Value = id } } };
        return await command.ExecuteScalarAsync() is int
            ? new(connection, transaction)
            : throw new InvalidOperationException($"No row {id} to lock.");
    }

    /// <summary>Waits until a command waits for this lock.</summary>
    public Task UntilWaitedForAsync() => Eventually.UntilAsync(IsWaitedForAsync, isWaitedFor => isWaitedFor);

    public async Task<bool> IsWaitedForAsync()
    {
        await using var command = new NpgsqlCommand(
            "select exists (select 1 from pg_locks where not granted and pg_backend_pid() = any(pg_blocking_pids(pid)))",
            _connection,
            _transaction);
        return await command.ExecuteScalarAsync() is true;
    }

    /// <summary>Releases the lock.</summary>
    public async ValueTask DisposeAsync()
    {
        await _transaction.DisposeAsync();
        await _connection.DisposeAsync();
    }
}
