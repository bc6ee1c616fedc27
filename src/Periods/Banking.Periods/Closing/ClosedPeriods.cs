using Banking.Commands.Groups;
using Banking.Commands.Periods;
using Banking.EventStore.Storage;
using Banking.Periods.Domain;
using Npgsql;

namespace Banking.Periods.Closing;

/// <summary>
/// Reads up to when the books are closed. Commands that book in the past share a lock; the closing of a period takes it alone. An advisory
/// lock, because before the first closing there is no row to lock, and because it writes nothing.
/// </summary>
internal sealed class ClosedPeriods(JoinedKind<AccountingPeriods> streams, StateReader<AccountingPeriods> states) : IClosedPeriods
{
    private const string Key = "hashtextextended('periods.closing', 0)";

    /// <summary>A gate before that lock: see <see cref="BlockBookingsAsync"/>.</summary>
    private const string Gate = "hashtextextended('periods.gate', 0)";

    public async Task<DateTimeOffset?> OpenFromAsync(CancellationToken ct) =>
        (await states.FindAsync(AccountingPeriods.Stream, ct))?.OpenFrom;

    public async Task<DateTimeOffset?> LockAsync(NpgsqlTransaction transaction, CancellationToken ct)
    {
        // A statement of its own: the state needs a snapshot that was taken under the lock.
        await transaction.Connection!.ExecuteAsync(
            $"select pg_advisory_xact_lock_shared({Gate}), pg_advisory_xact_lock_shared({Key})", [], ct);
        return (await streams.ReadAsync(transaction, AccountingPeriods.Stream))?.OpenFrom;
    }

    /// <summary>
    /// Makes commands that book in the past wait until the result is disposed, and waits for those that run. Where such commands never end,
    /// the checks of a period could otherwise never be up to date. Not needed for correctness: <see cref="ClosingCheck"/> is.
    /// </summary>
    public static async Task<IAsyncDisposable> BlockBookingsAsync(NpgsqlDataSource source, CancellationToken ct)
    {
        var connection = await source.OpenConnectionAsync(ct);
        try
        {
            // The lock ends with the connection's transaction, which the disposal of the connection rolls back.
            await connection.BeginTransactionAsync(ct);
            await connection.ExecuteAsync($"select pg_advisory_xact_lock({Gate})", [], ct);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <summary>Waits until no command that books in the past is decided, and lets none begin before the end of the transaction.</summary>
    public static Task LockAloneAsync(NpgsqlTransaction transaction, CancellationToken ct) =>
        transaction.Connection!.ExecuteAsync($"select pg_advisory_xact_lock({Key})", [], ct);
}
