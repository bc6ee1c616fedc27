using System.Text.Json;
using Banking.Commands.Operators;
using Banking.EventStore.Json;
using Banking.EventStore.Storage;
using Banking.ReadModels.Books;
using Banking.ReadModels.Comparing;
using Npgsql;

namespace Banking.ReadModels.Rebuilding;

/// <summary>Drops the tables of a candidate.</summary>
internal delegate Task DropTables(NpgsqlConnection connection, int number);

/// <summary>Ends the building of candidates: keeps one for an operator's decision, or drops it.</summary>
public sealed class CandidateEnd(ReadModelConnections connections, ReadModelLog operatorLog, TimeProvider clock)
{
    /// <param name="number">The candidate; null for whichever there is.</param>
    /// <param name="state">Only a candidate that waits for a decision keeps its tables and its differences.</param>
    /// <param name="purpose">Only a candidate of this purpose; null for any.</param>
    /// <returns>False if it is no such candidate any more.</returns>
    internal async Task<bool> EndAsync(
        string model, int? number, string state, CandidateResult? result, DropTables drop, OperatorAction action, CancellationToken ct,
        string? purpose = null)
    {
        await using var connection = await connections.OpenAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        if (
            await Generation.CandidateAsync(connection, model, locked: true, ct) is not { } candidate
            || (number ?? candidate.Number) != candidate.Number
            || (purpose ?? candidate.Purpose) != candidate.Purpose)
        {
            return false;
        }

        var now = clock.GetUtcNow();
        await SetAsync(connection, model, candidate.Number, state, now, state, result?.First ?? []);
        var rows = (int)Math.Min(result?.Rows ?? 0, int.MaxValue);
        await operatorLog.RecordAsync(
            transaction, model, new RebuildFinished(model, candidate.Number, state, candidate.Position, rows, now), action, ct);
        if (!GenerationState.IsWaiting(state))
        {
            await drop(connection, candidate.Number);
            await CandidateDifferences.DeleteAsync(connection, model);
        }

        await transaction.CommitAsync(ct);
        return true;
    }

    internal static Task SetAsync(
        NpgsqlConnection connection,
        string model,
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
            model,
            number ?? 0,
            state,
            now,
            (object?)outcome ?? DBNull.Value,
            // Without keys, which hosts of an earlier version would not read.
            differences is null ? DBNull.Value : JsonSerializer.Serialize(differences.Select(d => d with { Key = null }), ApiJson.Options));
}
