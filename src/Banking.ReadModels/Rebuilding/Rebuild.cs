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
/// Makes a new generation of a read model from the log beside the one that serves, compares the two and the bank's own folds, and switches
/// readers over. Reads and writes go on meanwhile. Each page is a transaction, so one that was cut off goes on where it stopped, in any
/// process; nothing is published, for nothing but the tables is written.
/// </summary>
public sealed class Rebuild(
    ReadModelConnections connections,
    LogReader log,
    HighWaterMark mark,
    ReadModelWriter writer,
    RebuildComparison comparing,
    ReadModelLog journal,
    TimeProvider clock,
    ILogger<Rebuild> logger)
{
    /// <summary>Asks for new generations, of all of these models or of none.</summary>
    /// <returns>Their numbers by model; null where one of them is coming already.</returns>
    public async Task<IReadOnlyDictionary<string, int>?> RequestAsync(
        IReadOnlyList<ReadModel> models, OperatorAction action, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(models);
        ArgumentNullException.ThrowIfNull(action);
        await using var connection = await connections.OpenAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        var now = clock.GetUtcNow();
        var numbers = new Dictionary<string, int>();
        // In one order, so that two who ask at once do not wait for each other.
        foreach (var model in models.OrderBy(m => m.Name, StringComparer.Ordinal))
        {
            if (
                await ReadModelSchema.AddAsync(connection, model, GenerationState.Building, action.Caller.Actor, action.Reason, now)
                is not { } number)
            {
                return null;
            }

            numbers[model.Name] = number;
            await journal.RecordAsync(transaction, model.Name, new RebuildRequested(model.Name, number, model.Version, now), action, ct);
        }

        await transaction.CommitAsync(ct);
        return numbers;
    }

    /// <summary>Gives up the generation that is coming; false where there is none.</summary>
    public Task<bool> CancelAsync(ReadModel model, OperatorAction action, CancellationToken ct) =>
        EndAsync(model, GenerationState.Cancelled, [], action, ct);

    /// <summary>
    /// Brings the generations of these models that are coming to their end, in one pass over the log; those that somebody else brings are
    /// left to them. May be called again and again, in any process.
    /// </summary>
    /// <returns>Whether there was anything to do.</returns>
    public async Task<bool> RunAsync(IEnumerable<ReadModel> models, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(models);
        var turns = new List<(ReadModel Model, Generation Coming, NpgsqlConnection Turn)>();
        try
        {
            foreach (var model in models)
            {
                var turn = await connections.OpenAsync(ct);
                Generation? coming = null;
                try
                {
                    coming = await TurnAsync(turn, model, ct);
                }
                finally
                {
                    // Asked in vain, or cut off while asking: a connection that is not given back holds the lock for ever.
                    if (coming is null)
                    {
                        await CloseAsync(turn);
                    }
                }

                if (coming is not null)
                {
                    turns.Add((model, coming, turn));
                }
            }

            if (turns.Count > 0)
            {
                var end = await mark.LookAsync(ct);
                await Task.WhenAll(turns.Select(t => BeginAsync(t.Turn, t.Model, t.Coming.Number, end)));
                await writer.FillAsync([.. turns.Select(t => (t.Model, t.Coming.Number))], ct);
                await Task.WhenAll(turns.Select(t => FinishUnlessGivenUpAsync(t.Turn, t.Model, t.Coming, ct)));
            }

            return turns.Count > 0;
        }
        finally
        {
            foreach (var (_, _, turn) in turns)
            {
                await CloseAsync(turn);
            }
        }
    }

    /// <summary>
    /// The generation that is coming, with its lock held by the connection; null where there is none to bring, or somebody else brings it.
    /// </summary>
    private static async Task<Generation?> TurnAsync(NpgsqlConnection turn, ReadModel model, CancellationToken ct) =>
        await TryLockAsync(turn, model.Name, ct)
        && await Generation.CandidateAsync(turn, model.Name, locked: false, ct) is { State: GenerationState.Building, PausedAt: null } coming
        && coming.ModelVersion == model.Version
            ? coming
            : null;

    private async Task FinishUnlessGivenUpAsync(NpgsqlConnection turn, ReadModel model, Generation coming, CancellationToken ct)
    {
        try
        {
            await FinishAsync(turn, model, coming, ct);
        }
        catch (PostgresException failure) when (failure.SqlState == PostgresErrorCodes.UndefinedTable)
        {
            // Its tables went while they were indexed or compared: it was given up. Otherwise somebody took them, which is told.
            if (await writer.PositionAsync(model, coming.Number, ct) is not null)
            {
                throw;
            }
        }
    }

    private async Task FinishAsync(NpgsqlConnection turn, ReadModel model, Generation coming, CancellationToken ct)
    {
        if (await writer.PositionAsync(model, coming.Number, ct) is null)
        {
            // Cancelled, or stopped before an event that cannot be projected.
            return;
        }

        // Whole tables are read and sorted here, which is not what such a connection is set up for.
        await ReadModelSchema.ExecuteAsync(turn, "set enable_seqscan = on; set work_mem = '64MB'");
        await ReadModelSchema.SumAsync(turn, model, coming.Number);
        await ReadModelSchema.IndexAsync(connections, model, ReadTables.Generation(model, coming.Number), ct);
        await ReadModelSchema.ExecuteAsync(
            turn,
            $"update {Generation.Table} set filled_at = $3 where name = $1 and generation = $2",
            model.Name,
            coming.Number,
            clock.GetUtcNow());
        if (await comparing.RunAsync(model, coming.Number, ct) is not var (differences, wrong))
        {
            // Given up meanwhile.
            return;
        }

        if (differences.Count > 0)
        {
            logger.LogWarning("Generation {Generation} of {Model} differs in {Rows} rows", coming.Number, model.Name, differences.Count);
            await EndAsync(model, wrong ? GenerationState.Failed : GenerationState.Differs, differences,
                OperatorAction.OfTheBank(wrong ? "the new rows are not what the log says" : "the new rows are not those that serve"), ct);
            return;
        }

        await SwitchAsync(model, OperatorAction.OfTheBank(coming.Reason), ct);
    }

    /// <summary>Lets the coming generation serve, in one transaction with the last events that it lacks.</summary>
    public async Task<bool> SwitchAsync(ReadModel model, OperatorAction action, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(model);
        if (await BringAsync(model, ct) is not { } number)
        {
            return false;
        }

        int? old = null;
        await using (var connection = await connections.OpenAsync(ct))
        {
            await using var transaction = await connection.BeginTransactionAsync(ct);
            // The serving one first, as everybody does: with its lock held nobody brings it forward.
            var serving = await Generation.ActiveAsync(connection, model.Name, locked: true, ct);
            if (await Generation.CandidateAsync(connection, model.Name, locked: true, ct) is not { } coming || coming.Number != number)
            {
                return false;
            }

            var tables = ReadTables.Generation(model, number);
            while (serving is not null && coming.Position < serving.Position)
            {
                var page = await log.ReadAsync(coming.Position, Math.Min(serving.Position, coming.Position + ReadModelWriter.PageSize), ct);
                coming = await writer.WriteAsync(connection, model, tables, coming, page, new(), ct);
            }

            var now = clock.GetUtcNow();
            old = serving?.Number;
            await SetAsync(connection, model, old, GenerationState.Retired, now, null, null);
            await SetAsync(connection, model, number, GenerationState.Serving, now, GenerationState.Serving, null);
            await ReadModelSchema.ShowAsync(connection, model, number);
            await journal.RecordAsync(
                transaction,
                model.Name,
                new RebuildFinished(model.Name, number, GenerationState.Serving, coming.Position, 0, now),
                action,
                ct);
            await transaction.CommitAsync(ct);
        }

        if (old is { } retired)
        {
            await using var connection = await connections.OpenAsync(ct);
            await ReadModelSchema.DropAsync(connection, model, retired);
        }

        return true;
    }

    /// <summary>
    /// In one transaction with a look whether it was given up meanwhile, or tables would stay behind that nobody knows of.
    /// </summary>
    private async Task BeginAsync(NpgsqlConnection turn, ReadModel model, int number, long end)
    {
        await using var transaction = await turn.BeginTransactionAsync();
        if (await Generation.LockedAsync(turn, model.Name, number, CancellationToken.None) is not { State: GenerationState.Building })
        {
            return;
        }

        await ReadModelSchema.CreateAsync(turn, model, ReadTables.Generation(model, number));
        await ReadModelSchema.ExecuteAsync(
            turn,
            $"update {Generation.Table} set started_at = coalesce(started_at, $3), start_position = coalesce(start_position, position), target = $4 where name = $1 and generation = $2",
            model.Name, number, clock.GetUtcNow(), end);
        await transaction.CommitAsync();
    }

    /// <summary>Brings the coming generation nearly to the end of the log, so that the switch has little left to do.</summary>
    private async Task<int?> BringAsync(ReadModel model, CancellationToken ct)
    {
        await using var connection = await connections.OpenAsync(ct);
        if (
            await Generation.CandidateAsync(connection, model.Name, locked: false, ct) is not { } coming
            || coming.ModelVersion != model.Version)
        {
            return null;
        }

        await writer.FillAsync([(model, coming.Number)], ct);
        return coming.Number;
    }

    private async Task<bool> EndAsync(
        ReadModel model, string state, IReadOnlyList<Difference> differences, OperatorAction action, CancellationToken ct)
    {
        await using var connection = await connections.OpenAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        if (await Generation.CandidateAsync(connection, model.Name, locked: true, ct) is not { } coming)
        {
            return false;
        }

        var now = clock.GetUtcNow();
        await SetAsync(connection, model, coming.Number, state, now, state, differences);
        await journal.RecordAsync(
            transaction,
            model.Name,
            new RebuildFinished(model.Name, coming.Number, state, coming.Position, differences.Count, now),
            action,
            ct);
        if (state != GenerationState.Differs)
        {
            await ReadModelSchema.DropAsync(connection, model, coming.Number);
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
            $"update {Generation.Table} set state = $3, updated_at = $4, finished_at = coalesce(finished_at, $4), outcome = coalesce($5, outcome), "
                + "differences = coalesce($6::jsonb, differences), paused_at = null, pause_reason = null, pause_position = null where name = $1 and generation = $2",
            model.Name,
            number ?? 0,
            state,
            now,
            (object?)outcome ?? DBNull.Value,
            differences is null ? DBNull.Value : JsonSerializer.Serialize(differences, ApiJson.Options));

    /// <summary>Pooled connections keep their session, and with it the lock and the settings.</summary>
    private static async Task CloseAsync(NpgsqlConnection turn)
    {
        await using (turn)
        {
            // One that broke has lost its lock with its session.
            if (turn.FullState == System.Data.ConnectionState.Open)
            {
                await UnlockAsync(turn);
            }
        }
    }

    internal static Task UnlockAsync(NpgsqlConnection turn) =>
        ReadModelSchema.ExecuteAsync(turn, "select pg_advisory_unlock_all(); reset enable_seqscan; reset work_mem");

    /// <summary>The lock of whoever makes rows of a read model anew, a rebuild or a repair; false where another holds it.</summary>
    internal static async Task<bool> TryLockAsync(NpgsqlConnection connection, string model, CancellationToken ct)
    {
        // Of the session: it goes with the process, so a rebuild whose process was killed is anybody's.
        await using var command = new NpgsqlCommand("select pg_try_advisory_lock(hashtextextended($1, 1))", connection)
        {
            Parameters = { new() { Value = "rebuild:" + model } },
        };
        return (bool)(await command.ExecuteScalarAsync(ct))!;
    }
}
