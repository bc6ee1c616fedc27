using Banking.ReadModels.Books;
using JasperFx.Events;
using Npgsql;

namespace Banking.ReadModels.Comparing;

/// <summary>
/// Projects the events of some streams into temporary tables and compares the result with the stored rows, and these rows with the bank's
/// own folds. Changes nothing.
/// </summary>
internal static class StreamCheck
{
    private const string Prefix = "expected";

    /// <param name="snapshot">A connection with a repeatable read transaction, so that rows and position match.</param>
    /// <param name="streams">The events of each stream, up to the position of the tables.</param>
    public static async Task<IReadOnlyList<Difference>> RunAsync(
        NpgsqlConnection snapshot,
        ReadModel model,
        ReadTables found,
        IReadOnlyDictionary<Guid, IReadOnlyList<IEvent>> streams,
        CancellationToken ct)
    {
        var pages = streams.Values.SelectMany(s => s).OrderBy(e => e.Sequence).Chunk(ReadModelWriter.PageSize).ToAsyncEnumerable();
        var (expected, positions) = await ProjectAsync(snapshot, model, pages, ct);
        return
        [
            .. await Comparison.CompareStreamsAsync(snapshot, model, expected, found, [.. streams.Keys], [.. positions], ct),
            .. await model.CompareWithFoldsAsync(snapshot, found, streams, ct),
        ];
    }

    /// <summary>Compares all rows of one stream that is too long to hold in memory.</summary>
    /// <returns>The number of its events, and the differences.</returns>
    public static async Task<(long Events, IReadOnlyList<Difference> Differences)> RunAsync(
        NpgsqlConnection snapshot,
        ReadModel model,
        ReadTables found,
        Guid stream,
        IAsyncEnumerable<IReadOnlyList<IEvent>> events,
        CancellationToken ct)
    {
        var (expected, positions) = await ProjectAsync(snapshot, model, events, ct);
        return (positions.Count, await Comparison.CompareStreamsAsync(snapshot, model, expected, found, [stream], [.. positions], ct));
    }

    /// <summary>Projects events into temporary tables, which the end of the transaction drops.</summary>
    /// <returns>The tables, and the positions of the events.</returns>
    public static async Task<(ReadTables Tables, List<long> Positions)> ProjectAsync(
        NpgsqlConnection connection, ReadModel model, IAsyncEnumerable<IReadOnlyList<IEvent>> pages, CancellationToken ct)
    {
        var tables = ReadTables.Scratch(Prefix);
        foreach (var table in model.Tables)
        {
            await ReadModelSchema.ExecuteAsync(connection, $"drop table if exists {tables[table.Name]}");
        }

        await ReadModelSchema.CreateAsync(connection, model, tables, temporary: true);
        var positions = new List<long>();
        await foreach (var page in pages.WithCancellation(ct))
        {
            // No sums: they cover all streams and could not be compared.
            await model.ProjectAsync(new(connection, sums: false), tables, page, ct);
            positions.AddRange(page.Select(e => e.Sequence));
        }

        return (tables, positions);
    }
}
