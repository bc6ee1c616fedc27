using Banking.Commands.Operators;
using Banking.EventStore.Log;
using Banking.EventStore.Storage;
using Banking.ReadModels.Books;
using Banking.ReadModels.Comparing;
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
    HighWaterMark mark,
    ReadModelWriter writer,
    RebuildComparison comparison,
    CandidateSwitch ending,
    ReadModelLog operatorLog,
    TimeProvider clock,
    ILogger<Rebuild> logger)
{
    /// <summary>Requests candidates for all of these models or for none.</summary>
    /// <param name="purpose">One of <see cref="GenerationPurpose"/>.</param>
    /// <returns>Their numbers by model; null if one of the models has a candidate already.</returns>
    public async Task<IReadOnlyDictionary<string, int>?> RequestAsync(
        IReadOnlyList<ReadModel> models, OperatorAction action, CancellationToken ct, string purpose = GenerationPurpose.Rebuild)
    {
        ArgumentNullException.ThrowIfNull(models);
        ArgumentNullException.ThrowIfNull(action);
        await using var connection = await connections.OpenAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        var now = clock.GetUtcNow();
        var numbers = new Dictionary<string, int>();
        // In one order, so that two concurrent requests do not deadlock.
        foreach (var model in models.OrderBy(m => m.Name, StringComparer.Ordinal))
        {
            if (
                await ReadModelSchema.AddAsync(
                    connection, model, GenerationState.Building, purpose, action.Caller.Actor, action.Reason, now) is not { } number)
            {
                return null;
            }

            numbers[model.Name] = number;
            await CandidateDifferences.DeleteAsync(connection, model.Name);
            await operatorLog.RecordAsync(
                transaction, model.Name, new RebuildRequested(model.Name, number, model.Version, now), action, ct);
        }

        await transaction.CommitAsync(ct);
        return numbers;
    }

    /// <summary>Drops the candidate; false if there is none.</summary>
    /// <param name="number">Only this candidate; null for whichever there is.</param>
    public Task<bool> CancelAsync(ReadModel model, OperatorAction action, CancellationToken ct, int? number = null) =>
        ending.EndAsync(model, number, GenerationState.Cancelled, null, action, ct);

    /// <summary>Makes a candidate that waits for a decision the active version; false if there is none of this host's version.</summary>
    public Task<bool> SwitchAsync(ReadModel model, OperatorAction action, CancellationToken ct) =>
        ending.SwitchAsync(model, null, action, ct);

    /// <summary>
    /// Completes the candidates of these models, except those that another process is building; rebuilds in one pass over the log. May be
    /// called repeatedly, in any process.
    /// </summary>
    /// <returns>Whether there was any candidate to complete.</returns>
    public async Task<bool> RunAsync(IEnumerable<ReadModel> models, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(models);
        var locked = new List<LockedCandidate>();
        try
        {
            foreach (var model in models)
            {
                if (await LockCandidateAsync(model, ct) is { } candidate)
                {
                    locked.Add(candidate);
                }
            }

            List<LockedCandidate> rebuilds = [.. locked.Where(l => l.Generation.Purpose == GenerationPurpose.Rebuild)];
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

    /// <summary>
    /// Builds a candidate with the code of this process, and compares it with the active version. It replaces one that an earlier command
    /// did not finish, because that command may have had other code.
    /// </summary>
    /// <returns>The candidate's number; null if there is another candidate, or a rebuild or repair is running.</returns>
    public async Task<int?> TryOutAsync(ReadModel model, OperatorAction action, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(model);
        var connection = await connections.OpenAsync(ct);
        try
        {
            // The lock comes before the request, so that no host can build the candidate.
            if (!await RebuildLock.AcquireAsync(connection, model.Name, clock, ct))
            {
                return null;
            }

            if (
                await Generation.CandidateAsync(connection, model.Name, locked: false, ct)
                is { State: GenerationState.Building, Purpose: GenerationPurpose.CommandTrial } unfinished)
            {
                await CancelAsync(model, action, ct, unfinished.Number);
            }

            if (await RequestAsync([model], action, ct, GenerationPurpose.CommandTrial) is not { } numbers)
            {
                return null;
            }

            var number = numbers[model.Name];
            try
            {
                if (
                    await Generation.CandidateAsync(connection, model.Name, locked: false, ct) is { } candidate
                    && candidate.Number == number)
                {
                    await RunTrialAsync(new(model, candidate, connection), ct);
                }

                return number;
            }
            catch
            {
                await CancelAsync(model, action, CancellationToken.None, number);
                throw;
            }
        }
        finally
        {
            await RebuildLock.CloseAsync(connection);
        }
    }

    /// <summary>Completes rebuilds in one pass over the log.</summary>
    private async Task RunRebuildsAsync(List<LockedCandidate> rebuilds, CancellationToken ct)
    {
        if (rebuilds.Count == 0)
        {
            return;
        }

        var end = await mark.LookAsync(ct);
        await Task.WhenAll(rebuilds.Select(l => BeginAsync(l, end)));
        await writer.FillAsync([.. rebuilds.Select(l => (l.Model, l.Generation.Number))], ct);
        await Task.WhenAll(rebuilds.Select(l => LogFailureAsync(l, FinishUnlessCancelledAsync(l, ct))));
    }

    /// <summary>Logs which candidate a failure belongs to: of several failures the caller sees one.</summary>
    private async Task LogFailureAsync(LockedCandidate candidate, Task building)
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

    private async Task RunTrialAsync(LockedCandidate trial, CancellationToken ct)
    {
        await FillToActiveAsync(trial, ct);
        await FinishUnlessCancelledAsync(trial, ct);
    }

    /// <summary>
    /// Fills a trial nearly to the position of the active version, and never beyond: they are compared at the same position, and the
    /// active version may be written by hosts with other code, or by none.
    /// </summary>
    private async Task FillToActiveAsync(LockedCandidate trial, CancellationToken ct)
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

    /// <summary>
    /// Locks the candidate of a model; the returned connection holds the lock. Null if there is none to build, or another process builds
    /// it.
    /// </summary>
    private async Task<LockedCandidate?> LockCandidateAsync(ReadModel model, CancellationToken ct)
    {
        var connection = await connections.OpenAsync(ct);
        Generation? locked = null;
        try
        {
            locked =
                await RebuildLock.TryAcquireAsync(connection, model.Name, ct)
                && await Generation.CandidateAsync(connection, model.Name, locked: false, ct)
                    is { State: GenerationState.Building, PausedAt: null } candidate
                && candidate.ModelVersion == model.Version
                && candidate.Purpose != GenerationPurpose.CommandTrial
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

        return locked is null ? null : new(model, locked, connection);
    }

    private async Task FinishUnlessCancelledAsync(LockedCandidate candidate, CancellationToken ct)
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

    private async Task FinishAsync(LockedCandidate locked, CancellationToken ct)
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
            await ending.SwitchAsync(model, GenerationState.Building, OperatorAction.OfTheBank(candidate.Reason), ct);
            return;
        }

        var (state, why) = result switch
        {
            { IsWrong: true } => (GenerationState.Failed, "the new rows differ from the log"),
            { Rows: 0 } => (GenerationState.Equal, "the new rows equal the active version"),
            _ => (GenerationState.Differs, "the new rows differ from the active version"),
        };
        if (candidate.Purpose == GenerationPurpose.Rebuild)
        {
            logger.LogWarning(
                "Generation {Generation} of {Model} differs in {Rows} rows and does not become active",
                candidate.Number, model.Name, result.Rows);
        }

        await ending.EndAsync(model, candidate.Number, state, result, OperatorAction.OfTheBank(why), ct);
    }

    /// <summary>
    /// Creates the candidate's tables, in one transaction with a check that it was not cancelled: otherwise unused tables would remain.
    /// </summary>
    private async Task BeginAsync(LockedCandidate candidate, long end)
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

    /// <summary>A candidate to build, and the connection that holds its lock.</summary>
    private sealed record LockedCandidate(ReadModel Model, Generation Generation, NpgsqlConnection Connection);
}
