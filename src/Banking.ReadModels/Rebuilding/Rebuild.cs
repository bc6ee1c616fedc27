using Banking.Commands.Operators;
using Banking.EventStore.Log;
using Banking.EventStore.Storage;
using Banking.ReadModels.Books;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Banking.ReadModels.Rebuilding;

/// <summary>
/// Builds a candidate of a read model from the log and compares it with the active version and the bank's own folds. A rebuild then
/// switches readers to it; a trial leaves that to an operator. Reads and writes continue meanwhile. Each page is a transaction, so any
/// process can continue an interrupted build. It writes only the tables and publishes nothing.
/// </summary>
public sealed class Rebuild(
    ReadModelConnections connections,
    HighWaterMark highWaterMark,
    ReadModelWriter writer,
    RebuildComparison comparison,
    CandidateRequests requests,
    CandidateSwitch switching,
    CandidateEnd ending,
    TimeProvider clock,
    ILogger<Rebuild> logger)
{
    /// <summary>Requests candidates for all of these models or for none.</summary>
    /// <param name="purpose">One of <see cref="GenerationPurpose"/>.</param>
    /// <returns>Their numbers by model; null if one of the models has a candidate already.</returns>
    public Task<IReadOnlyDictionary<string, int>?> RequestAsync(
        IReadOnlyList<ReadModel> models, OperatorAction action, CancellationToken ct, string purpose = GenerationPurpose.Rebuild) =>
        requests.RequestAsync(models.Select(m => (m.Name, m.Version)), purpose, action, ct);

    /// <summary>Drops the candidate; false if there is none.</summary>
    /// <param name="number">Only this candidate; null for whichever there is.</param>
    /// <param name="purpose">Only a candidate of this purpose; null for any.</param>
    public Task<bool> CancelAsync(
        ReadModel model, OperatorAction action, CancellationToken ct, int? number = null, string? purpose = null) =>
        ending.EndAsync(model.Name, number, GenerationState.Cancelled, null, Drop(model), action, ct, purpose);

    /// <summary>Makes a candidate that waits for a decision the active version; false if there is none of this host's version.</summary>
    public Task<bool> SwitchAsync(ReadModel model, OperatorAction action, CancellationToken ct) =>
        switching.SwitchAsync(model, null, action, ct);

    /// <summary>
    /// Completes the candidates of these models, except those that another process is building; rebuilds in one pass over the log. May be
    /// called repeatedly, in any process.
    /// </summary>
    /// <returns>Whether there was any candidate to complete.</returns>
    public async Task<bool> RunAsync(IEnumerable<ReadModel> models, CancellationToken ct)
    {
        var due = (await requests.DueAsync(ct)).ToDictionary(g => g.Model);
        var locked = new List<BookCandidate>();
        try
        {
            foreach (var model in models.Where(m => due.GetValueOrDefault(m.Name)?.ModelVersion == m.Version))
            {
                if (await requests.LockAsync(due[model.Name], ct) is { } candidate)
                {
                    locked.Add(new(model, candidate.Generation, candidate.Connection));
                }
            }

            List<BookCandidate> rebuilds = [.. locked.Where(l => l.Generation.Purpose == GenerationPurpose.Rebuild)];
            List<Task> runs = [RunRebuildsAsync(rebuilds, ct)];
            foreach (var trial in locked.Except(rebuilds))
            {
                // One after the other. A failure is thrown when all have run: it does not keep the others from being built.
                await runs[^1].ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                runs.Add(LogFailureAsync(trial, RunTrialAsync(trial, ct)));
            }

            await Task.WhenAll(runs);
            return locked.Count > 0;
        }
        finally
        {
            foreach (var candidate in locked)
            {
                await RebuildLock.CloseAsync(candidate.Connection);
            }
        }
    }

    /// <inheritdoc cref="CandidateRequests.TryOutAsync"/>
    public Task<int?> TryOutAsync(ReadModel model, OperatorAction action, CancellationToken ct)
    {
        return requests.TryOutAsync(
            model.Name, model.Version, Drop(model), c => RunTrialAsync(new(model, c.Generation, c.Connection), ct), action, ct);
    }

    /// <summary>Completes rebuilds in one pass over the log.</summary>
    private async Task RunRebuildsAsync(List<BookCandidate> rebuilds, CancellationToken ct)
    {
        if (rebuilds.Count == 0)
        {
            return;
        }

        var end = await highWaterMark.LookAsync(ct);
        await Task.WhenAll(rebuilds.Select(l => BeginAsync(l, end)));
        await writer.FillAsync([.. rebuilds.Select(l => (l.Model, l.Generation.Number))], ct);
        await Task.WhenAll(rebuilds.Select(l => LogFailureAsync(l, FinishUnlessCancelledAsync(l, ct))));
    }

    /// <summary>Logs which candidate a failure belongs to: of several failures the caller sees one.</summary>
    private async Task LogFailureAsync(BookCandidate candidate, Task building)
    {
        try
        {
            await building;
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            logger.LogWarning(
                failure, "Generation {Generation} of {Model} could not be completed", candidate.Generation.Number, candidate.Model.Name);
            throw;
        }
    }

    private async Task RunTrialAsync(BookCandidate trial, CancellationToken ct)
    {
        await FillToActiveAsync(trial, ct);
        await FinishUnlessCancelledAsync(trial, ct);
    }

    /// <summary>
    /// Fills a trial nearly to the position of the active version, and never beyond: they are compared at the same position, and the
    /// active version may be written by hosts with other code, or by none.
    /// </summary>
    private async Task FillToActiveAsync(BookCandidate trial, CancellationToken ct)
    {
        var upTo = 0L;
        while (
            await Generation.ActiveAsync(trial.Connection, trial.Model.Name, locked: false, ct) is { } active
            && (upTo == 0 || active.Position - upTo > ReadModelWriter.PageSize))
        {
            upTo = Math.Max(active.Position, 1);
            await BeginAsync(trial, active.Position);
            if (!await writer.FillAsync([(trial.Model, trial.Generation.Number)], active.Position, ct))
            {
                return;
            }
        }
    }

    private async Task FinishUnlessCancelledAsync(BookCandidate candidate, CancellationToken ct)
    {
        try
        {
            await FinishAsync(candidate, ct);
        }
        catch (PostgresException failure) when (failure.SqlState == PostgresErrorCodes.UndefinedTable)
        {
            // The tables of a cancelled candidate are dropped while they are indexed or compared. Otherwise the failure is reported.
            if (await writer.PositionAsync(candidate.Model, candidate.Generation.Number, ct) is not null)
            {
                throw;
            }
        }
    }

    private async Task FinishAsync(BookCandidate locked, CancellationToken ct)
    {
        var (model, candidate, connection) = locked;
        if (await writer.PositionAsync(model, candidate.Number, ct) is null)
        {
            // Cancelled, or paused before an event that cannot be projected.
            return;
        }

        // These connections are configured for lookups; here whole tables are read and sorted.
        await ReadModelSchema.ExecuteAsync(connection, "set enable_seqscan = on; set work_mem = '64MB'");
        await ReadModelSchema.SumAsync(connection, model, candidate.Number);
        await ReadModelSchema.IndexAsync(connections, model, ReadTables.Generation(model, candidate.Number), ct);
        await ReadModelSchema.ExecuteAsync(
            connection,
            $"update {Generation.Table} set filled_at = $3 where name = $1 and generation = $2",
            model.Name,
            candidate.Number,
            clock.GetUtcNow());
        if (await comparison.RunAsync(model, candidate, ct) is not { } result)
        {
            // Cancelled meanwhile.
            return;
        }

        if (candidate.Purpose == GenerationPurpose.Rebuild && result.Rows == 0)
        {
            await switching.SwitchAsync(model, GenerationState.Building, OperatorAction.OfTheBank(candidate.Reason), ct);
            return;
        }

        var (state, why) = result.Outcome;
        if (candidate.Purpose == GenerationPurpose.Rebuild)
        {
            logger.LogWarning(
                "Generation {Generation} of {Model} differs in {Rows} rows and does not become active",
                candidate.Number, model.Name, result.Rows);
        }

        await ending.EndAsync(model.Name, candidate.Number, state, result, Drop(model), OperatorAction.OfTheBank(why), ct);
    }

    /// <summary>
    /// Creates the candidate's tables, in one transaction with a check that it was not cancelled: otherwise unused tables would remain.
    /// </summary>
    private async Task BeginAsync(BookCandidate candidate, long end)
    {
        var (model, number, lockConnection) = (candidate.Model, candidate.Generation.Number, candidate.Connection);
        await using var transaction = await lockConnection.BeginTransactionAsync();
        if (await Generation.LockedAsync(lockConnection, model.Name, number, CancellationToken.None)
            is not { State: GenerationState.Building })
        {
            return;
        }

        await ReadModelSchema.CreateAsync(lockConnection, model, ReadTables.Generation(model, number));
        await ReadModelSchema.ExecuteAsync(
            lockConnection,
            $"update {Generation.Table} set started_at = coalesce(started_at, $3), start_position = coalesce(start_position, position), "
                + "target = $4 where name = $1 and generation = $2",
            model.Name, number, clock.GetUtcNow(), end);
        await transaction.CommitAsync();
    }

    private static DropTables Drop(ReadModel model) => (connection, number) => ReadModelSchema.DropAsync(connection, model, number);

    /// <summary>A candidate to build, and the connection that holds its lock.</summary>
    private sealed record BookCandidate(ReadModel Model, Generation Generation, NpgsqlConnection Connection);
}
