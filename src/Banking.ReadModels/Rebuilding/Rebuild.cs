using System.Text.Json;
using Banking.Commands.Operators;
using Banking.EventStore.Json;
using Banking.EventStore.Log;
using Banking.EventStore.Storage;
using Banking.ReadModels.Books;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Banking.ReadModels.Rebuilding;

/// <summary>
/// Builds a candidate of a read model from the log, compares it with the active version and the bank's own folds, and switches readers to
/// it. Reads and writes continue meanwhile. Each page is a transaction, so any process can continue an interrupted rebuild. A rebuild
/// writes only the tables and publishes nothing.
/// </summary>
public sealed class Rebuild(
    ReadModelConnections connections,
    LogReader log,
    HighWaterMark mark,
    ReadModelWriter writer,
    RebuildComparison comparison,
    ReadModelLog operatorLog,
    TimeProvider clock,
    ILogger<Rebuild> logger)
{
    /// <summary>Requests candidates for all of these models or for none.</summary>
    /// <returns>Their numbers by model; null if one of the models has a candidate already.</returns>
    public async Task<IReadOnlyDictionary<string, int>?> RequestAsync(
        IReadOnlyList<ReadModel> models, OperatorAction action, CancellationToken ct)
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
                await ReadModelSchema.AddAsync(connection, model, GenerationState.Building, action.Caller.Actor, action.Reason, now)
                is not { } number)
            {
                return null;
            }

            numbers[model.Name] = number;
            await operatorLog.RecordAsync(
                transaction, model.Name, new RebuildRequested(model.Name, number, model.Version, now), action, ct);
        }

        await transaction.CommitAsync(ct);
        return numbers;
    }

    /// <summary>Cancels the candidate; false if there is none.</summary>
    public Task<bool> CancelAsync(ReadModel model, OperatorAction action, CancellationToken ct) =>
        EndAsync(model, GenerationState.Cancelled, [], action, ct);

    /// <summary>
    /// Completes the candidates of these models in one pass over the log, except those that another process is building. May be called
    /// repeatedly, in any process.
    /// </summary>
    /// <returns>Whether there was any candidate to complete.</returns>
    public async Task<bool> RunAsync(IEnumerable<ReadModel> models, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(models);
        var locked = new List<(ReadModel Model, Generation Candidate, NpgsqlConnection Connection)>();
        try
        {
            foreach (var model in models)
            {
                if (await LockCandidateAsync(model, ct) is var (candidate, connection))
                {
                    locked.Add((model, candidate, connection));
                }
            }

            if (locked.Count > 0)
            {
                var end = await mark.LookAsync(ct);
                await Task.WhenAll(locked.Select(l => BeginAsync(l.Connection, l.Model, l.Candidate.Number, end)));
                await writer.FillAsync([.. locked.Select(l => (l.Model, l.Candidate.Number))], ct);
                await Task.WhenAll(locked.Select(l => FinishUnlessCancelledAsync(l.Connection, l.Model, l.Candidate, ct)));
            }

            return locked.Count > 0;
        }
        finally
        {
            foreach (var (_, _, connection) in locked)
            {
                await RebuildLock.CloseAsync(connection);
            }
        }
    }

    /// <summary>
    /// Locks the candidate of a model; the returned connection holds the lock. Null if there is none to build, or another process builds
    /// it.
    /// </summary>
    private async Task<(Generation Candidate, NpgsqlConnection Connection)?> LockCandidateAsync(ReadModel model, CancellationToken ct)
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

        return locked is null ? null : (locked, connection);
    }

    private async Task FinishUnlessCancelledAsync(
        NpgsqlConnection lockConnection, ReadModel model, Generation candidate, CancellationToken ct)
    {
        try
        {
            await FinishAsync(lockConnection, model, candidate, ct);
        }
        catch (PostgresException failure) when (failure.SqlState == PostgresErrorCodes.UndefinedTable)
        {
            // The tables of a cancelled candidate are dropped while they are indexed or compared. Otherwise the failure is reported.
            if (await writer.PositionAsync(model, candidate.Number, ct) is not null)
            {
                throw;
            }
        }
    }

    private async Task FinishAsync(NpgsqlConnection lockConnection, ReadModel model, Generation candidate, CancellationToken ct)
    {
        if (await writer.PositionAsync(model, candidate.Number, ct) is null)
        {
            // Cancelled, or paused before an event that cannot be projected.
            return;
        }

        // These connections are configured for lookups; here whole tables are read and sorted.
        await ReadModelSchema.ExecuteAsync(lockConnection, "set enable_seqscan = on; set work_mem = '64MB'");
        await ReadModelSchema.SumAsync(lockConnection, model, candidate.Number);
        await ReadModelSchema.IndexAsync(connections, model, ReadTables.Generation(model, candidate.Number), ct);
        await ReadModelSchema.ExecuteAsync(
            lockConnection,
            $"update {Generation.Table} set filled_at = $3 where name = $1 and generation = $2",
            model.Name,
            candidate.Number,
            clock.GetUtcNow());
        if (await comparison.RunAsync(model, candidate.Number, ct) is not var (differences, wrong))
        {
            // Cancelled meanwhile.
            return;
        }

        if (differences.Count > 0)
        {
            logger.LogWarning(
                "Generation {Generation} of {Model} differs in {Rows} rows and does not become active",
                candidate.Number, model.Name, differences.Count);
            await EndAsync(model, wrong ? GenerationState.Failed : GenerationState.Differs, differences,
                OperatorAction.OfTheBank(wrong ? "the new rows differ from the log" : "the new rows differ from the active version"), ct);
            return;
        }

        await SwitchAsync(model, OperatorAction.OfTheBank(candidate.Reason), ct);
    }

    /// <summary>Makes the candidate the active version, in one transaction with the last events that it lacks.</summary>
    public async Task<bool> SwitchAsync(ReadModel model, OperatorAction action, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(model);
        if (await CatchUpAsync(model, ct) is not { } number)
        {
            return false;
        }

        var (isSwitched, old) = await SwitchToAsync(model, number, action, ct);
        if (!isSwitched)
        {
            return false;
        }

        if (old is { } retired)
        {
            await using var connection = await connections.OpenAsync(ct);
            await ReadModelSchema.DropAsync(connection, model, retired);
        }

        return true;
    }

    /// <returns>Whether readers were switched, and the number of the active version before; false if it is no candidate any more.</returns>
    private async Task<(bool IsSwitched, int? Old)> SwitchToAsync(ReadModel model, int number, OperatorAction action, CancellationToken ct)
    {
        await using var connection = await connections.OpenAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        // Always lock the active version first. While it is locked no host moves it forward.
        var active = await Generation.ActiveAsync(connection, model.Name, locked: true, ct);
        if (await Generation.CandidateAsync(connection, model.Name, locked: true, ct) is not { } candidate || candidate.Number != number)
        {
            return (false, null);
        }

        var tables = ReadTables.Generation(model, number);
        while (active is not null && candidate.Position < active.Position)
        {
            var page = await log.ReadAsync(
                candidate.Position, Math.Min(active.Position, candidate.Position + ReadModelWriter.PageSize), ct);
            candidate = await writer.WriteAsync(connection, model, tables, candidate, page, new(), ct);
        }

        var now = clock.GetUtcNow();
        await SetAsync(connection, model, active?.Number, GenerationState.Retired, now, null, null);
        await SetAsync(connection, model, number, GenerationState.Serving, now, GenerationState.Serving, null);
        await ReadModelSchema.SwitchViewsAsync(connection, model, number);
        await operatorLog.RecordAsync(
            transaction,
            model.Name,
            new RebuildFinished(model.Name, number, GenerationState.Serving, candidate.Position, 0, now),
            action,
            ct);
        await transaction.CommitAsync(ct);
        return (true, active?.Number);
    }

    /// <summary>
    /// Creates the candidate's tables, in one transaction with a check that it was not cancelled: otherwise unused tables would remain.
    /// </summary>
    private async Task BeginAsync(NpgsqlConnection lockConnection, ReadModel model, int number, long end)
    {
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

    /// <summary>Brings the candidate nearly to the end of the log, so that the switch takes little time.</summary>
    private async Task<int?> CatchUpAsync(ReadModel model, CancellationToken ct)
    {
        await using var connection = await connections.OpenAsync(ct);
        if (
            await Generation.CandidateAsync(connection, model.Name, locked: false, ct) is not { } candidate
            || candidate.ModelVersion != model.Version)
        {
            return null;
        }

        await writer.FillAsync([(model, candidate.Number)], ct);
        return candidate.Number;
    }

    private async Task<bool> EndAsync(
        ReadModel model, string state, IReadOnlyList<Difference> differences, OperatorAction action, CancellationToken ct)
    {
        await using var connection = await connections.OpenAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        if (await Generation.CandidateAsync(connection, model.Name, locked: true, ct) is not { } candidate)
        {
            return false;
        }

        var now = clock.GetUtcNow();
        await SetAsync(connection, model, candidate.Number, state, now, state, differences);
        await operatorLog.RecordAsync(
            transaction,
            model.Name,
            new RebuildFinished(model.Name, candidate.Number, state, candidate.Position, differences.Count, now),
            action,
            ct);
        if (state != GenerationState.Differs)
        {
            await ReadModelSchema.DropAsync(connection, model, candidate.Number);
        }

        await transaction.CommitAsync(ct);
        return true;
    }

    private static Task SetAsync(
        NpgsqlConnection connection,
        ReadModel model,
        int? number,
        string state,
        DateTimeOffset now,
        string? outcome,
        IReadOnlyList<Difference>? differences) =>
        ReadModelSchema.ExecuteAsync(
            connection,
            $"""
            update {Generation.Table} set state = $3, updated_at = $4, finished_at = coalesce(finished_at, $4),
                outcome = coalesce($5, outcome), differences = coalesce($6::jsonb, differences),
                paused_at = null, pause_reason = null, pause_position = null
            where name = $1 and generation = $2
            """,
            model.Name,
            number ?? 0,
            state,
            now,
            (object?)outcome ?? DBNull.Value,
            differences is null ? DBNull.Value : JsonSerializer.Serialize(differences, ApiJson.Options));
}
