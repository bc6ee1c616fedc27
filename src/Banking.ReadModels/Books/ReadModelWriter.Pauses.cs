using Banking.Commands.Operators;
using Banking.Commands.Receipts;
using Banking.EventStore.Log;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Banking.ReadModels.Books;

// How a model is paused before an event, and resumed.
public sealed partial class ReadModelWriter
{
    /// <summary>Writes the page one event at a time, and pauses the model before the event that fails.</summary>
    private async Task<Advanced?> StopBeforeAsync(
        ReadModel model, int? number, LogPage page, Exception failure, string? log, CancellationToken ct)
    {
        if (page.Events.Count > 1)
        {
            foreach (var e in page.Events)
            {
                var one = await StepAsync(
                    model, number, e.Sequence, at => Task.FromResult(new LogPage(e.Sequence > at ? [e] : [], e.Sequence)), ct, log);
                if (one is null)
                {
                    return null;
                }
            }

            return new(page.Events[^1].Sequence, page.Events.Count);
        }

        var position = page.Events.Count == 1 ? page.Events[0].Sequence : (failure as UnreadableEventException)?.Position;
        logger.LogError(failure, "The read model {Model} is paused before the event at position {Position}", model.Name, position);
        await PauseAsync(model, number, position, failure, ct);
        return null;
    }

    /// <summary>
    /// Whether a failure is permanent: a retry would fail again because of the event, the code that projects it, or a row that the tables
    /// refuse. If the database is unavailable or busy, the caller retries.
    /// </summary>
    internal static bool IsDataFailure(Exception failure) => failure switch
    {
        PostgresException { SqlState: var state } => state[..2] is "22" or "23" or "42",
        OperationCanceledException or ObjectDisposedException or LogReplacedException => false,
        _ => !Failures.IsTransient(failure),
    };

    private async Task PauseAsync(ReadModel model, int? number, long? at, Exception failure, CancellationToken ct)
    {
        await using var connection = await connections.OpenAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        if (await Generation.LockedAsync(connection, model.Name, number, ct) is not { PausedAt: null } generation)
        {
            return;
        }

        await ReadModelSchema.ExecuteAsync(
            connection,
            $"update {Generation.Table} set paused_at = $3, pause_reason = $4, pause_position = $5, updated_at = $3 "
                + "where name = $1 and generation = $2",
            model.Name, generation.Number, clock.GetUtcNow(), failure.Message, (object?)at ?? DBNull.Value);
        await operatorLog.RecordAsync(
            transaction,
            model.Name,
            new ReadModelPaused(model.Name, generation.Number, at ?? generation.Position, failure.Message, clock.GetUtcNow()),
            OperatorAction.OfTheBank("stopped before an event that cannot be projected"),
            ct);
        await transaction.CommitAsync(ct);
    }

    /// <summary>
    /// Resumes the active version or the candidate if it is paused.
    /// </summary>
    /// <param name="number">Only this generation; null for whichever is paused.</param>
    /// <returns>The number of the resumed generation; null if none is paused.</returns>
    public async Task<int?> ResumeAsync(ReadModel model, OperatorAction action, CancellationToken ct, int? number = null)
    {
        bool IsPaused(Generation found) => found.PausedAt is not null && (number ?? found.Number) == found.Number;

        await using var connection = await connections.OpenAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        var paused = await Generation.ActiveAsync(connection, model.Name, locked: true, ct) is { } active && IsPaused(active) ? active
            : await Generation.CandidateAsync(connection, model.Name, locked: true, ct) is { } candidate && IsPaused(candidate) ? candidate
            : null;
        if (paused is null)
        {
            return null;
        }

        await ReadModelSchema.ExecuteAsync(
            connection,
            $"update {Generation.Table} set paused_at = null, pause_reason = null, pause_position = null "
                + "where name = $1 and generation = $2",
            model.Name,
            paused.Number);
        await operatorLog.RecordAsync(
            transaction, model.Name, new ReadModelResumed(model.Name, paused.Number, clock.GetUtcNow()), action, ct);
        await transaction.CommitAsync(ct);
        return paused.Number;
    }
}
