using System.Runtime.CompilerServices;
using Banking.Commands.Operators;
using Banking.EventStore.Log;
using Banking.EventStore.Storage;
using Banking.ReadModels.Books;
using Banking.ReadModels.Comparing;
using Banking.ReadModels.Rebuilding;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Banking.ReadModels.Verifying;

/// <summary>The result of a repair.</summary>
/// <param name="Repaired">Differences that the repair removed.</param>
/// <param name="Remaining">
/// Differences that remain: a part of the log that contradicts itself cannot be projected. Null if they are not known.
/// </param>
/// <param name="Failed">Parts whose repair failed, with the reason.</param>
/// <param name="IsComplete">Whether each part was repaired or failed; otherwise the repair stopped before some of them.</param>
public sealed record RepairResult(
    IReadOnlyList<Difference> Repaired, IReadOnlyList<Difference>? Remaining, IReadOnlyList<Difference> Failed, bool IsComplete);

/// <summary>
/// Rebuilds data that differs from the log, in the active version of a read model and in stored states, when an operator requests it. The
/// transaction holds the lock of the read model, so no event is projected meanwhile, and readers see either the old or the new rows. The
/// same transaction records the repair in the operator log.
/// </summary>
public sealed class Repair(
    IEnumerable<ReadModel> models,
    IEnumerable<StateComparison> states,
    Snapshots snapshots,
    NpgsqlDataSource source,
    ReadModelConnections connections,
    LogReader log,
    RowRepair rowRepair,
    DriftLog drift,
    TimeProvider clock,
    ILogger<Repair> logger)
{
    /// <summary>Whether a read model or a kind of stored state has this name.</summary>
    public bool Knows(string name) => models.Any(m => m.Name == name) || states.Any(s => s.Name == name);

    /// <summary>Repairs all differences; null if a rebuild or another repair of the same data is running.</summary>
    public async Task<RepairResult?> RunAsync(string name, OperatorAction action, CancellationToken ct)
    {
        var connection = await connections.OpenAsync(ct);
        try
        {
            // A rebuild takes the same lock.
            return await RebuildLock.AcquireAsync(connection, name, clock, ct)
                && await Generation.CandidateAsync(connection, name, locked: false, ct) is null
                    ? await RepairAllAsync(name, action, ct)
                    : null;
        }
        finally
        {
            await RebuildLock.CloseAsync(connection);
        }
    }

    private async Task<RepairResult> RepairAllAsync(string name, OperatorAction action, CancellationToken ct)
    {
        List<ReadModel> rows = [.. models.Where(m => m.Name == name)];
        List<StateComparison> stored = [.. states.Where(s => s.Name == name)];
        var verification = VerificationOf(rows, stored);
        var differences = (await verification.RunAsync(Guid.Empty, null, _ => { }, ct)).Differences;
        if (differences.Count == 0)
        {
            await SentinelStatus.SetRemainingAsync(source, d => d.Model == name, [], ct);
            return new([], [], [], IsComplete: true);
        }

        var (repaired, failed) = (new List<Difference>(), new List<Difference>());
        try
        {
            await foreach (var done in RepairPartsAsync(name, differences, rows, stored, action, ct))
            {
                repaired.AddRange(done.Where(d => d.Table != Failed));
                failed.AddRange(done.Where(d => d.Table == Failed));
            }
        }
        catch (Exception failure) when (repaired.Count > 0)
        {
            // Committed repairs must not be answered as if nothing was done.
            logger.LogWarning(failure, "The repair of {Name} stopped before all parts were repaired. Repeat the repair.", name);
            return new(repaired, null, failed, IsComplete: false);
        }

        return new(repaired, await CompareAgainAsync(name, verification, failed, ct), failed, IsComplete: true);
    }

    /// <summary>The differences that remain; null if the comparison fails: the repair was done all the same.</summary>
    private async Task<IReadOnlyList<Difference>?> CompareAgainAsync(
        string name, Verification verification, IReadOnlyList<Difference> failed, CancellationToken ct)
    {
        try
        {
            IReadOnlyList<Difference> remaining =
                [.. failed, .. (await verification.RunAsync(Guid.Empty, null, _ => { }, ct)).Differences];
            await SentinelStatus.SetRemainingAsync(source, d => d.Model == name, remaining, ct);
            return remaining;
        }
        catch (Exception failure)
        {
            logger.LogWarning(failure, "{Name} was repaired, but the comparison after it failed. Repeat it to compare again.", name);
            return null;
        }
    }

    /// <summary>Repairs stream by stream, each in a transaction of its own.</summary>
    private async IAsyncEnumerable<IReadOnlyList<Difference>> RepairPartsAsync(
        string name,
        IReadOnlyList<Difference> differences,
        List<ReadModel> rows,
        List<StateComparison> stored,
        OperatorAction action,
        [EnumeratorCancellation] CancellationToken ct)
    {
        foreach (var group in differences.GroupBy(d => d.Stream))
        {
            foreach (var model in rows)
            {
                yield return await Parts.RunAsync(name, Failed, group.Key, () => RepairRowsAsync(model, group.Key, action, ct));
            }

            foreach (var state in stored.Where(_ => group.Key is not null))
            {
                yield return await Parts.RunAsync(name, Failed, group.Key, () => RepairStateAsync(state, group.Key!.Value, action, ct));
            }
        }
    }

    /// <summary>A verification of only this data.</summary>
    private Verification VerificationOf(List<ReadModel> rows, List<StateComparison> stored) => new(
        rows,
        stored,
        new(rows, stored, snapshots, log),
        new(source, connections),
        new(rows, snapshots),
        snapshots,
        source,
        connections);

    /// <summary>The table name in the difference of a failed repair.</summary>
    private const string Failed = "repair";

    private async Task<IReadOnlyList<Difference>> RepairStateAsync(
        StateComparison state, Guid stream, OperatorAction action, CancellationToken ct)
    {
        await using var connection = await connections.OpenAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        var found = await state.RepairAsync(transaction, stream, ct);
        await drift.RecordRepairAsync(transaction, state.Name, found, action, ct);
        await transaction.CommitAsync(ct);
        return found;
    }

    /// <summary>Repairs the rows of a stream, or all sums, that still differ under the lock.</summary>
    /// <returns>The rows that differed.</returns>
    private async Task<IReadOnlyList<Difference>> RepairRowsAsync(ReadModel model, Guid? only, OperatorAction action, CancellationToken ct)
    {
        await using var connection = await connections.OpenAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        var found = await rowRepair.RunAsync(connection, model, only, ct);
        await drift.RecordRepairAsync(transaction, model.Name, found, action, ct);
        await transaction.CommitAsync(ct);
        return found;
    }
}
