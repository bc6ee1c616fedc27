using System.Data;
using Npgsql;

namespace Banking.Platform.Following;

/// <summary>
/// What one host of the bank does for all of them, as long as the connection lives that holds a lock in the database; another takes over where it is
/// gone. Two may both believe that they lead for a moment: what is led must bear that.
/// </summary>
public sealed class Leader : IAsyncDisposable
{
    private readonly NpgsqlConnection _connection;
    private readonly string _what;

    private Leader(NpgsqlConnection connection, string what) => (_connection, _what) = (connection, what);

    /// <summary>Null where another host leads.</summary>
    public static async Task<Leader?> TryAsync(NpgsqlDataSource source, string what, CancellationToken ct)
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

    /// <summary>Throws where the connection, and with it the lock, is gone.</summary>
    public async Task ConfirmAsync(CancellationToken ct)
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
