using System.Data;
using Banking.EventStore.Log;
using Banking.EventStore.Storage;
using Banking.ReadModels.Books;
using Banking.ReadModels.Comparing;
using Npgsql;

namespace Banking.ReadModels.Rebuilding;

/// <summary>
/// Compares a candidate with the log, the bank's own folds, and row by row with the active version.
/// </summary>
public sealed class RebuildComparison(
    ReadModelConnections connections, NpgsqlDataSource source, LogReader log, ReadModelWriter writer, TimeProvider clock)
{
    /// <summary>Maximum number of streams that are folded.</summary>
    private const int MaxStreams = 200;

    /// <summary>Maximum length of a stream that is folded: all of these streams are in memory together.</summary>
    private const int MaxStreamEvents = 5_000;

    /// <summary>Compares the candidate, and stores its differences from the active version by stream.</summary>
    /// <returns>Null if the candidate was cancelled.</returns>
    public async Task<CandidateResult?> RunAsync(ReadModel model, Generation candidate, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(candidate);
        await using var snapshot = await source.OpenConnectionAsync(ct);
        if (await SamePositionAsync(snapshot, model, candidate, ct) is not var (active, position, transaction))
        {
            return null;
        }

        await using (transaction)
        {
            var tables = ReadTables.Generation(model, candidate.Number);
            var streams = await log.ReadStreamsAsync(snapshot, await SampleAsync(snapshot, position, ct), position, ct);
            List<Difference> wrong =
            [
                .. await StreamCheck.RunAsync(snapshot, model, tables, streams, ct),
                .. await Comparison.CompareSumsAsync(snapshot, model, tables, null, ct),
            ];
            if (wrong.Count > 0 || active is not { } number)
            {
                return new(wrong.Count, wrong, wrong.Count > 0);
            }

            var served = ReadTables.Generation(model, number);
            var (rows, first) = await CandidateComparison.RunAsync(
                snapshot, model.Name, candidate.Number, model.Tables.Select(t => ComparedTable.Of(t, tables, served)), ct);
            await transaction.CommitAsync(ct);
            return new(rows, first, IsWrong: false);
        }
    }

    /// <summary>
    /// Opens a snapshot in which both generations include the same events.
    /// </summary>
    /// <returns>The active version, or null if a rebuild cannot be compared with it.</returns>
    private async Task<(int? Active, long Position, NpgsqlTransaction Transaction)?> SamePositionAsync(
        NpgsqlConnection snapshot, ReadModel model, Generation candidate, CancellationToken ct)
    {
        if (await writer.PositionAsync(model, candidate.Number, ct) is not { } filled)
        {
            return null;
        }

        var isRebuild = candidate.Purpose == GenerationPurpose.Rebuild;
        if (isRebuild)
        {
            // The candidate may be ahead: by a page if a host runs, by more if none does. Without catching up, the active version could
            // not be compared. A trial never writes the active version, because its code may be another.
            await writer.AdvanceAsync(model, filled, ct);
        }

        await using var connection = await connections.OpenAsync(ct);
        await using var lockTransaction = await connection.BeginTransactionAsync(ct);
        var active = await Generation.ActiveAsync(connection, model.Name, locked: true, ct);
        var isComparable =
            active is not null && (!isRebuild || (active.PausedAt is null && active.ModelVersion == model.Version));
        if (isComparable)
        {
            await writer.FillAsync([(model, candidate.Number)], active!.Position, ct);
        }

        if (await writer.PositionAsync(model, candidate.Number, ct) is not { } reached)
        {
            return null;
        }

        if (!isRebuild && reached != active?.Position)
        {
            throw new InvalidOperationException(
                $"The candidate of {model.Name} is at position {reached} and the active version at {active?.Position}: drop it.");
        }

        isComparable &= reached == active?.Position;
        var transaction = await snapshot.BeginTransactionAsync(IsolationLevel.RepeatableRead, ct);
        // The first statement takes the snapshot.
        await ReadModelSchema.ExecuteAsync(snapshot, "select 1");
        return (isComparable ? active!.Number : null, reached, transaction);
    }

    /// <summary>Selects the streams of random events over the whole log, except streams that are too long to fold here.</summary>
    private async Task<Guid[]> SampleAsync(NpgsqlConnection snapshot, long position, CancellationToken ct)
    {
        var random = new Random(HashCode.Combine(position, clock.GetUtcNow().Ticks));
        return [.. await snapshot.ListAsync(
            $"select distinct s.id from {SchemaNames.Events}.mt_events e join {SchemaNames.Streams} s on s.id = e.stream_id "
                + $"where e.seq_id = any($1) and s.version <= {MaxStreamEvents}",
            [Enumerable.Range(0, MaxStreams).Select(_ => random.NextInt64(1, Math.Max(2, position + 1))).ToArray()],
            row => row.GetGuid(0),
            ct)];
    }
}
