using Banking.Commands.Operators;
using Banking.Commands.Receipts;
using Banking.EventStore.Storage;
using Banking.ReadModels.Books;
using Banking.ReadModels.Comparing;
using Banking.ReadModels.Documents;
using Banking.ReadModels.Rebuilding;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Banking.ReadModels.Verifying;

/// <summary>How a difference can be removed.</summary>
public enum Remedy
{
    /// <summary>By a repair of its stream.</summary>
    Repair,

    /// <summary>By a rebuild of its read model: the document is made of several streams.</summary>
    Rebuild,

    /// <summary>Not from the log: the log contradicts itself, or the data is no projection of it.</summary>
    None,
}

/// <summary>
/// Repairs all data derived from one stream when an operator requests it: its state, its documents and its rows in every book that differs.
/// One transaction holds the stream, the documents' projections and these books, so it repairs all of them or nothing, no event is added or
/// projected meanwhile, and the operator log has what was repaired.
/// </summary>
public sealed class StreamRepair(
    IEnumerable<ReadModel> models,
    IEnumerable<StateComparison> states,
    DocumentModels documentModels,
    DocumentRepair documents,
    StreamReplay replay,
    ReadModelConnections connections,
    RowRepair rows,
    DriftLog drift,
    NpgsqlDataSource source,
    TimeProvider clock,
    ILogger<StreamRepair> logger)
{
    private readonly IReadOnlyList<ReadModel> _models = [.. models.OrderBy(m => m.Name, StringComparer.Ordinal)];

    public Remedy RemedyOf(Difference difference)
    {
        return _models.Any(m => IsRowOf(m, difference))
            || states.Any(s => s.Name == difference.Model && (difference.Table == StateComparison.State || difference.Found is null))
            || documents.Models.Any(m => m.Name == difference.Model) ? Remedy.Repair
            : documentModels.Find(difference.Model) is not null ? Remedy.Rebuild
            : Remedy.None;
    }

    /// <summary>
    /// Whether the difference is a row of a book that belongs to a stream. The name of the model is not enough: a state is compared under
    /// the name of the book that shows it.
    /// </summary>
    private static bool IsRowOf(ReadModel book, Difference difference) =>
        book.Name == difference.Model && book.Tables.Any(t => t.Name == difference.Table && t.StreamColumn is not null);

    /// <summary>Repairs the differences that a replay found and that still exist.</summary>
    public async Task<StreamRepairResult> RunAsync(string type, ReplayedStream replayed, OperatorAction action, CancellationToken ct)
    {
        var names = replayed.Differences.Where(d => RemedyOf(d) == Remedy.Repair).Select(d => d.Model).ToHashSet(StringComparer.Ordinal);
        if (names.Count == 0)
        {
            return new(StreamRepairOutcome.Done, [], replayed.Differences);
        }

        List<ReadModel> books = [.. _models.Where(m => replayed.Differences.Any(d => IsRowOf(m, d)))];
        var connection = await connections.OpenAsync(ct);
        IReadOnlyList<Difference> repaired;
        try
        {
            foreach (var book in books)
            {
                // A rebuild takes the same lock.
                if (!await RebuildLock.AcquireAsync(connection, book.Name, clock, ct)
                    || await Generation.CandidateAsync(connection, book.Name, locked: false, ct) is not null)
                {
                    return StreamRepairResult.Of(StreamRepairOutcome.NotPossibleNow);
                }
            }

            repaired = await RepairAsync(connection, replayed.Stream, books, names, action, ct);
        }
        catch (CommitInDoubtException failure)
        {
            logger.LogError(failure, "The commit of the repair of stream {Stream} got no answer. Repeat the repair.", replayed.Stream);
            return StreamRepairResult.Of(StreamRepairOutcome.Unknown);
        }
        finally
        {
            await RebuildLock.CloseAsync(connection);
        }

        return new(StreamRepairOutcome.Done, repaired, await RemainingAsync(type, replayed.Stream, ct));
    }

    /// <summary>
    /// Compares again. The repair is committed, so a failure is only logged: it must not be answered as if nothing was done.
    /// </summary>
    /// <returns>The differences that remain; null if they are not known.</returns>
    private async Task<IReadOnlyList<Difference>?> RemainingAsync(string type, Guid stream, CancellationToken ct)
    {
        try
        {
            var remaining = (await replay.CompareAsync(type, stream, ct))?.Differences ?? [];
            await SentinelStatus.SetRemainingAsync(
                source, d => d.Stream == stream, [.. remaining.Where(d => d.Stream == stream)], ct);
            return remaining;
        }
        catch (Exception failure)
        {
            logger.LogWarning(failure, "Stream {Stream} is repaired, but the comparison after it failed. Replay the stream again.", stream);
            return null;
        }
    }

    /// <summary>
    /// Locks come in one order, the stream first, then documents and books by name: commands and projections each hold one of them.
    /// </summary>
    private async Task<IReadOnlyList<Difference>> RepairAsync(
        NpgsqlConnection connection,
        Guid stream,
        IReadOnlyList<ReadModel> books,
        HashSet<string> names,
        OperatorAction action,
        CancellationToken ct)
    {
        await using var transaction = await connection.BeginTransactionAsync(ct);
        var repaired = new List<Difference>();
        foreach (var state in states)
        {
            repaired.AddRange(await state.RepairAsync(transaction, stream, ct));
        }

        foreach (var model in documents.Models.Where(m => names.Contains(m.Name)))
        {
            repaired.AddRange(await documents.RepairAsync(transaction, model, stream, ct));
        }

        foreach (var book in books)
        {
            repaired.AddRange(await rows.RunAsync(connection, book, stream, ct));
        }

        foreach (var data in repaired.GroupBy(d => d.Model).OrderBy(d => d.Key, StringComparer.Ordinal))
        {
            await drift.RecordRepairAsync(transaction, data.Key, [.. data], action, ct);
        }

        await Failures.CommitAsync(transaction, ct);
        return repaired;
    }
}
