using System.Data;
using Banking.EventStore.Log;
using Banking.EventStore.Storage;
using Banking.ReadModels.Books;
using Banking.ReadModels.Comparing;
using Npgsql;

namespace Banking.ReadModels.Rebuilding;

/// <summary>
/// Decides whether a candidate may become active: compares it with the log, the bank's own folds, and row by row with the active version.
/// </summary>
public sealed class RebuildComparison(
    ReadModelConnections connections, NpgsqlDataSource source, LogReader log, ReadModelWriter writer, TimeProvider clock)
{
    /// <summary>Maximum number of streams that are folded.</summary>
    private const int MaxStreams = 200;

    /// <summary>Maximum length of a stream that is folded: all of these streams are in memory together.</summary>
    private const int MaxStreamEvents = 5_000;

    /// <summary>
    /// Compares the candidate.
    /// </summary>
    /// <returns>
    /// The differences, and whether they are from the log itself (wrong) or only from the active version; null if the rebuild was
    /// cancelled.
    /// </returns>
    public async Task<(IReadOnlyList<Difference> Differences, bool Wrong)?> RunAsync(ReadModel model, int number, CancellationToken ct)
    {
        await using var snapshot = await source.OpenConnectionAsync(ct);
        if (await SamePositionAsync(snapshot, model, number, ct) is not var (active, position, transaction))
        {
            return null;
        }

        await using (transaction)
        {
            var tables = ReadTables.Generation(model, number);
            var streams = await log.ReadStreamsAsync(await SampleAsync(snapshot, position, ct), position, ct);
            var wrong = (await StreamCheck.RunAsync(snapshot, model, tables, streams, ct))
                .Concat(await Comparison.CompareSumsAsync(snapshot, model, tables, null, ct)).ToList();
            return wrong.Count > 0
                ? (wrong, true)
                : (
                    active is null
                        ? []
                        : await Comparison.CompareAllAsync(snapshot, model, tables, ReadTables.Generation(model, active.Value), ct),
                    false);
        }
    }

    /// <summary>
    /// Opens a snapshot in which both generations include the same events.
    /// </summary>
    /// <returns>The active version, or null if it is paused or has another model version and so cannot be compared.</returns>
    private async Task<(int? Active, long Position, NpgsqlTransaction Transaction)?> SamePositionAsync(
        NpgsqlConnection snapshot, ReadModel model, int number, CancellationToken ct)
    {
        if (await writer.PositionAsync(model, number, ct) is not { } filled)
        {
            return null;
        }

        // The candidate may be ahead: by a page if a host runs, by more if none does. Without catching up, the active version could not be
        // compared.
        await writer.AdvanceAsync(model, filled, ct);
        await using var connection = await connections.OpenAsync(ct);
        await using var lockTransaction = await connection.BeginTransactionAsync(ct);
        var active = await Generation.ActiveAsync(connection, model.Name, locked: true, ct);
        var isComparable = active is { PausedAt: null } && active.ModelVersion == model.Version;
        if (isComparable)
        {
            await writer.FillAsync([(model, number)], active!.Position, ct);
        }

        if (await writer.PositionAsync(model, number, ct) is not { } reached)
        {
            return null;
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
        await using var command = new NpgsqlCommand(
            $"select distinct s.id from {SchemaNames.Events}.mt_events e join {SchemaNames.Events}.mt_streams s on s.id = e.stream_id "
                + $"where e.seq_id = any($1) and s.version <= {MaxStreamEvents}",
            snapshot)
        {
            Parameters =
            {
                new() { Value = Enumerable.Range(0, MaxStreams).Select(_ => random.NextInt64(1, Math.Max(2, position + 1))).ToArray() },
            },
        };
        return [.. await command.ReadIdsAsync(ct)];
    }
}
