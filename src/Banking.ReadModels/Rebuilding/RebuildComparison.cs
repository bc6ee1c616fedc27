using System.Data;
using Banking.EventStore.Log;
using Banking.EventStore.Storage;
using Banking.ReadModels.Books;
using Banking.ReadModels.Comparing;
using Npgsql;

namespace Banking.ReadModels.Rebuilding;

/// <summary>
/// Whether a generation that was made may serve: compared with the log, with the bank's own folds, and row by row with the one that serves.
/// </summary>
public sealed class RebuildComparison(
    ReadModelConnections connections, NpgsqlDataSource source, LogReader log, ReadModelWriter writer, TimeProvider clock)
{
    /// <summary>Streams that are folded at most.</summary>
    private const int FoldedStreams = 200;

    /// <summary>Events of a stream that is folded at most: all of these streams are in memory together.</summary>
    private const int LargestStream = 5_000;

    /// <summary>
    /// What differs, and whether it differs from the log itself rather than only from what serves; null where the generation was given up.
    /// </summary>
    public async Task<(IReadOnlyList<Difference> Differences, bool Wrong)?> RunAsync(ReadModel model, int number, CancellationToken ct)
    {
        await using var snapshot = await source.OpenConnectionAsync(ct);
        if (await SamePositionAsync(snapshot, model, number, ct) is not var (serving, position, transaction))
        {
            return null;
        }

        await using (transaction)
        {
            var tables = ReadTables.Generation(model, number);
            var streams = await log.ReadStreamsAsync(await SampleAsync(snapshot, position, ct), position, ct);
            var wrong = (await StreamCheck.RunAsync(snapshot, model, tables, streams, ct))
                .Concat(await Comparison.OfSumsAsync(snapshot, model, tables, null, ct)).ToList();
            return wrong.Count > 0
                ? (wrong, true)
                : (
                    serving is null
                        ? []
                        : await Comparison.OfAllAsync(snapshot, model, tables, ReadTables.Generation(model, serving.Value), ct),
                    false);
        }
    }

    /// <summary>
    /// A moment at which both generations hold the same events, and a transaction that goes on seeing it while the world moves on.
    /// </summary>
    /// <returns>The serving generation, or null where it is paused or of another version and so not to be compared with.</returns>
    private async Task<(int? Serving, long Position, NpgsqlTransaction Transaction)?> SamePositionAsync(
        NpgsqlConnection snapshot, ReadModel model, int number, CancellationToken ct)
    {
        if (await writer.PositionAsync(model, number, ct) is not { } filled)
        {
            return null;
        }

        // The new one may be ahead: always where no host runs, and by a page where one does. Left behind, the old one would not be compared
        // with.
        await writer.ServeAsync(model, filled, ct);
        await using var holder = await connections.OpenAsync(ct);
        await using var hold = await holder.BeginTransactionAsync(ct);
        var serving = await Generation.ActiveAsync(holder, model.Name, locked: true, ct);
        var comparable = serving is { PausedAt: null } && serving.ModelVersion == model.Version;
        if (comparable)
        {
            await writer.FillAsync([(model, number)], serving!.Position, ct);
        }

        if (await writer.PositionAsync(model, number, ct) is not { } reached)
        {
            return null;
        }

        comparable &= reached == serving?.Position;
        var transaction = await snapshot.BeginTransactionAsync(IsolationLevel.RepeatableRead, ct);
        // The first statement is what the moment is of.
        await ReadModelSchema.ExecuteAsync(snapshot, "select 1");
        return (comparable ? serving!.Number : null, reached, transaction);
    }

    /// <summary>The streams of events from all over the log, others each time; but none that is too long to be folded in passing.</summary>
    private async Task<Guid[]> SampleAsync(NpgsqlConnection snapshot, long position, CancellationToken ct)
    {
        var random = new Random(HashCode.Combine(position, clock.GetUtcNow().Ticks));
        await using var command = new NpgsqlCommand(
            $"select distinct s.id from {SchemaNames.Events}.mt_events e join {SchemaNames.Events}.mt_streams s on s.id = e.stream_id "
                + $"where e.seq_id = any($1) and s.version <= {LargestStream}",
            snapshot)
        {
            Parameters =
            {
                new() { Value = Enumerable.Range(0, FoldedStreams).Select(_ => random.NextInt64(1, Math.Max(2, position + 1))).ToArray() },
            },
        };
        return [.. await command.ReadIdsAsync(ct)];
    }
}
