using JasperFx.Events;
using Npgsql;

namespace Banking.Platform.ReadModels;

/// <summary>
/// Makes the rows of some streams anew from their events, in tables of the session, and compares: with the rows that are there, and with
/// what the bank's own folds say. Changes nothing.
/// </summary>
internal static class StreamCheck
{
    private const string Prefix = "expected";

    /// <param name="snapshot">In a transaction of isolation repeatable read, so that rows and position are of one moment.</param>
    /// <param name="streams">The events of each, up to the position of the tables.</param>
    public static async Task<IReadOnlyList<Difference>> RunAsync(
        NpgsqlConnection snapshot, ReadModel model, ReadTables found, IReadOnlyDictionary<Guid, IReadOnlyList<IEvent>> streams, CancellationToken ct)
    {
        var expected = await ProjectAsync(snapshot, model, streams, ct);
        return
        [
            .. await Comparison.OfStreamsAsync(
                snapshot, model, expected, found, [.. streams.Keys], [.. streams.Values.SelectMany(s => s).Select(e => e.Sequence)], ct),
            .. await model.CompareWithFoldsAsync(snapshot, found, streams, ct),
        ];
    }

    /// <summary>The rows that the events make, in tables that last as long as the transaction.</summary>
    public static async Task<ReadTables> ProjectAsync(
        NpgsqlConnection connection, ReadModel model, IReadOnlyDictionary<Guid, IReadOnlyList<IEvent>> streams, CancellationToken ct)
    {
        var tables = ReadTables.Scratch(Prefix);
        foreach (var table in model.Tables)
        {
            await ReadModelSchema.ExecuteAsync(connection, $"drop table if exists {tables[table.Name]}");
        }

        await ReadModelSchema.CreateAsync(connection, model, tables, temporary: true);
        foreach (var page in streams.Values.SelectMany(s => s).OrderBy(e => e.Sequence).Chunk(ReadModelWriter.PageSize))
        {
            // Sums are of all streams, so these would be others.
            await model.ProjectAsync(new(connection, sums: false), tables, page, ct);
        }

        return tables;
    }
}
