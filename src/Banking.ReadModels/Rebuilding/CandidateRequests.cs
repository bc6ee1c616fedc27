using Banking.Commands.Operators;
using Banking.EventStore.Storage;
using Banking.ReadModels.Books;
using Banking.ReadModels.Comparing;
using Npgsql;

namespace Banking.ReadModels.Rebuilding;

/// <summary>A candidate to build, and the connection that holds its lock.</summary>
internal sealed record LockedCandidate(Generation Generation, NpgsqlConnection Connection);

/// <summary>Requests candidates of read models of both kinds, and gives each of them to one process.</summary>
public sealed class CandidateRequests(
    ReadModelConnections connections, CandidateEnd ending, ReadModelLog operatorLog, TimeProvider clock)
{
    /// <summary>Requests candidates for all of these read models or for none.</summary>
    /// <param name="purpose">One of <see cref="GenerationPurpose"/>.</param>
    /// <returns>Their numbers by name; null if one of the read models has a candidate already.</returns>
    internal async Task<IReadOnlyDictionary<string, int>?> RequestAsync(
        IEnumerable<(string Name, int Version)> models, string purpose, OperatorAction action, CancellationToken ct)
    {
        await using var connection = await connections.OpenAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        var now = clock.GetUtcNow();
        var numbers = new Dictionary<string, int>();
        // In one order, so that two concurrent requests do not deadlock.
        foreach (var (name, version) in models.OrderBy(m => m.Name, StringComparer.Ordinal))
        {
            if (
                await ReadModelSchema.AddAsync(
                    connection, name, version, GenerationState.Building, purpose, action.Caller.Actor, action.Reason, now)
                is not { } number)
            {
                return null;
            }

            numbers[name] = number;
            await CandidateDifferences.DeleteAsync(connection, name);
            await operatorLog.RecordAsync(transaction, name, new RebuildRequested(name, number, version, now), action, ct);
        }

        await transaction.CommitAsync(ct);
        return numbers;
    }

    /// <summary>Reads the candidates that a host may build.</summary>
    internal async Task<IReadOnlyList<Generation>> DueAsync(CancellationToken ct) =>
    [
        .. (await Generation.AllAsync(connections.Source, ct)).Where(
            g => g is { State: GenerationState.Building, PausedAt: null, Purpose: not GenerationPurpose.CommandTrial }),
    ];

    /// <summary>
    /// Locks a candidate; the returned connection holds the lock. Null if it is not to be built any more, or another process builds it.
    /// </summary>
    internal async Task<LockedCandidate?> LockAsync(Generation due, CancellationToken ct)
    {
        var connection = await connections.OpenAsync(ct);
        Generation? locked = null;
        try
        {
            locked =
                await RebuildLock.TryAcquireAsync(connection, due.Model, ct)
                && await Generation.CandidateAsync(connection, due.Model, locked: false, ct)
                    is { State: GenerationState.Building, PausedAt: null } candidate
                && candidate.Number == due.Number
                    ? candidate
                    : null;
        }
        finally
        {
            // After a failure too: a connection that is not closed holds the lock for ever.
            if (locked is null)
            {
                await RebuildLock.CloseAsync(connection);
            }
        }

        return locked is null ? null : new(locked, connection);
    }

    /// <summary>
    /// Requests a candidate and builds it in this process, with the code of this process. It replaces one that an earlier command did not
    /// finish, because that command may have had other code.
    /// </summary>
    /// <returns>The candidate's number; null if there is another candidate, or a rebuild or repair is running.</returns>
    internal async Task<int?> TryOutAsync(
        string name, int version, DropTables drop, Func<LockedCandidate, Task> build, OperatorAction action, CancellationToken ct)
    {
        var connection = await connections.OpenAsync(ct);
        try
        {
            // The lock comes before the request, so that no host can build the candidate.
            if (!await RebuildLock.AcquireAsync(connection, name, clock, ct))
            {
                return null;
            }

            if (
                await Generation.CandidateAsync(connection, name, locked: false, ct)
                is { State: GenerationState.Building, Purpose: GenerationPurpose.CommandTrial } unfinished)
            {
                await ending.EndAsync(name, unfinished.Number, GenerationState.Cancelled, null, drop, action, ct);
            }

            if (await RequestAsync([(name, version)], GenerationPurpose.CommandTrial, action, ct) is not { } numbers)
            {
                return null;
            }

            var number = numbers[name];
            try
            {
                if (
                    await Generation.CandidateAsync(connection, name, locked: false, ct) is { } candidate && candidate.Number == number)
                {
                    await build(new(candidate, connection));
                }

                return number;
            }
            catch
            {
                await ending.EndAsync(name, number, GenerationState.Cancelled, null, drop, action, CancellationToken.None);
                throw;
            }
        }
        finally
        {
            await RebuildLock.CloseAsync(connection);
        }
    }
}
