using Banking.Testing;
using Npgsql;

namespace Banking.Host.Tests;

/// <summary>A lock on a candidate that is being built, so that its building stops where it is.</summary>
internal sealed record CandidateLock(NpgsqlConnection Connection, NpgsqlTransaction Transaction, long Position) : IAsyncDisposable
{
    /// <summary>Locks one candidate as soon as it has a page.</summary>
    public static async Task<CandidateLock> TakeAsync(ImportedBank bank)
    {
        var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(bank.Database) { Pooling = false }.ConnectionString);
        await connection.OpenAsync();
        return (await Eventually.UntilAsync<CandidateLock?>(() => TryLockAsync(bank, connection), candidate => candidate is not null))!;
    }

    public async ValueTask DisposeAsync()
    {
        await Transaction.DisposeAsync();
        await Connection.DisposeAsync();
    }

    private static async Task<CandidateLock?> TryLockAsync(ImportedBank bank, NpgsqlConnection connection)
    {
        // A new transaction per attempt: a rebuild waits for transactions that were open when it began.
        var transaction = await connection.BeginTransactionAsync();
        await using var command = new NpgsqlCommand(
            $"select position from platform.read_model where state = 'building' and position > 0 and position < {bank.Events} limit "
                + $"1 for update",
            connection);
        if (await command.ExecuteScalarAsync() is long position)
        {
            return new(connection, transaction, position);
        }

        await transaction.DisposeAsync();
        return null;
    }
}
