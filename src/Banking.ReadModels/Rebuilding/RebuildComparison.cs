using System.Data;
using System.Diagnostics.CodeAnalysis;
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
    /// Opens a snapshot in which both generations include the same events. Their positions are read in the snapshot itself: a lock could
    /// be lost unnoticed.
    /// </summary>
    /// <returns>The active version, or null if a rebuild cannot be compared with it. Null for both if there is no candidate.</returns>
    private async Task<(int? Active, long Position, NpgsqlTransaction Transaction)?> SamePositionAsync(
        NpgsqlConnection snapshot, ReadModel model, Generation candidate, CancellationToken ct)
    {
        var isRebuild = candidate.Purpose == GenerationPurpose.Rebuild;
        if (isRebuild && await writer.PositionAsync(model, candidate.Number, ct) is { } filled)
        {
            // The candidate may be ahead: by a page if a host runs, by more if none does. Without catching up, the active version could
            // not be compared. A trial never writes the active version, because its code may be another.
            await writer.AdvanceAsync(model, filled, ct);
        }

        while (true)
        {
            await CatchUpAsync(model, candidate, isRebuild, ct);
            var transaction = await snapshot.BeginTransactionAsync(IsolationLevel.RepeatableRead, ct);
            var active = await Generation.ActiveAsync(snapshot, model.Name, locked: false, ct);
            var reached = await Generation.CandidateAsync(snapshot, model.Name, locked: false, ct);
            if (reached is not { PausedAt: null } || reached.Number != candidate.Number)
            {
                await transaction.DisposeAsync();
                return null;
            }

            if (!IsComparable(model, active, isRebuild) || (isRebuild && reached.Position > active.Position))
            {
                return isRebuild ? (null, reached.Position, transaction) : throw Ahead(model, reached, active);
            }

            if (reached.Position == active.Position)
            {
                return (active.Number, reached.Position, transaction);
            }

            await transaction.DisposeAsync();
            if (reached.Position > active.Position)
            {
                throw Ahead(model, reached, active);
            }

            // The active version moved on before the snapshot.
        }
    }

    /// <summary>Brings the candidate to the position of the active version.</summary>
    private async Task CatchUpAsync(ReadModel model, Generation candidate, bool isRebuild, CancellationToken ct)
    {
        await using var connection = await connections.OpenAsync(ct);
        if (await Generation.ActiveAsync(connection, model.Name, locked: false, ct) is { } current
            && IsComparable(model, current, isRebuild))
        {
            // Most of what it lacks, before the active version is locked.
            await writer.FillAsync([(model, candidate.Number)], current.Position, ct);
        }

        await using var transaction = await connection.BeginTransactionAsync(ct);
        if (
            await Generation.ActiveAsync(connection, model.Name, locked: true, ct) is { } active
            && IsComparable(model, active, isRebuild)
            && await Generation.CandidateAsync(connection, model.Name, locked: true, ct) is { PausedAt: null } reached
            && reached.Number == candidate.Number)
        {
            await writer.CatchUpAsync(connection, model, reached, active.Position, ct);
        }

        await transaction.CommitAsync(ct);
    }

    private static bool IsComparable(ReadModel model, [NotNullWhen(true)] Generation? active, bool isRebuild) =>
        active is not null && (!isRebuild || (active.PausedAt is null && active.ModelVersion == model.Version));

    private static InvalidOperationException Ahead(ReadModel model, Generation candidate, Generation? active) => new(
        $"The candidate of {model.Name} is at position {candidate.Position} and the active version at {active?.Position}: drop it.");

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
