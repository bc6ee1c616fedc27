using Banking.Commands.Operators;
using Banking.EventStore.Storage;
using Banking.ReadModels.Books;
using Npgsql;

namespace Banking.ReadModels.Verifying;

/// <summary>Records the differences that the sentinel finds, and those that a repair removed, in the operator log.</summary>
public sealed class DriftLog(ReadModelConnections connections, ReadModelLog operatorLog, TimeProvider clock)
{
    /// <summary>Maximum number of streams per table with an event each. For more streams one event gives the number of rows.</summary>
    private const int MaxStreams = 20;

    public async Task RecordAsync(IReadOnlyCollection<Difference> fresh, CancellationToken ct)
    {
        if (fresh.Count == 0)
        {
            return;
        }

        await using var connection = await connections.OpenAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        // In one order, like all writers to several of these streams, so that they do not deadlock.
        foreach (
            var table in fresh
                .GroupBy(d => (d.Model, d.Table))
                .OrderBy(t => t.Key.Model, StringComparer.Ordinal)
                .ThenBy(t => t.Key.Table, StringComparer.Ordinal))
        {
            var streams = table.GroupBy(d => d.Stream).ToList();
            foreach (var stream in streams.Count <= MaxStreams ? streams : [.. table.GroupBy(_ => (Guid?)null)])
            {
                var first = stream.First();
                await operatorLog.RecordAsync(
                    transaction,
                    first.Model,
                    new DriftFound(
                        first.Model,
                        first.Table,
                        stream.Key,
                        stream.Count(),
                        first.Expected,
                        first.Found,
                        Repaired: false,
                        clock.GetUtcNow()),
                    OperatorAction.OfTheBank("stored data differs from the log"),
                    ct);
            }
        }

        await transaction.CommitAsync(ct);
    }

    /// <summary>Records a repair of the data with this name in its transaction: an event for each table.</summary>
    public async Task RecordRepairAsync(
        NpgsqlTransaction transaction, string name, IReadOnlyList<Difference> repaired, OperatorAction action, CancellationToken ct)
    {
        foreach (var rows in repaired.GroupBy(d => d.Table))
        {
            var first = rows.First();
            await operatorLog.RecordAsync(
                transaction,
                name,
                new DriftFound(name, rows.Key, first.Stream, rows.Count(), first.Expected, first.Found, Repaired: true, clock.GetUtcNow()),
                action,
                ct);
        }
    }
}
