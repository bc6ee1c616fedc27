using Banking.Commands.Operators;
using Banking.EventStore.Storage;
using Banking.ReadModels.Books;

namespace Banking.ReadModels.Verifying;

/// <summary>What the sentinel finds is in the operator log.</summary>
public sealed class DriftLog(ReadModelConnections connections, ReadModelLog journal, TimeProvider clock)
{
    /// <summary>Streams that are named one by one in a look; of more, one event says how many rows they are.</summary>
    private const int Named = 20;

    public async Task FoundAsync(IReadOnlyCollection<Difference> fresh, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(fresh);
        if (fresh.Count == 0)
        {
            return;
        }

        await using var connection = await connections.OpenAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        // In one order, as everybody who writes to several of these streams.
        foreach (
            var table in fresh
                .GroupBy(d => (d.Model, d.Table))
                .OrderBy(t => t.Key.Model, StringComparer.Ordinal)
                .ThenBy(t => t.Key.Table, StringComparer.Ordinal))
        {
            var streams = table.GroupBy(d => d.Stream).ToList();
            foreach (var stream in streams.Count <= Named ? streams : [.. table.GroupBy(_ => (Guid?)null)])
            {
                var first = stream.First();
                await journal.RecordAsync(
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
                    OperatorAction.OfTheBank("something stored is not what the log says"),
                    ct);
            }
        }

        await transaction.CommitAsync(ct);
    }
}
