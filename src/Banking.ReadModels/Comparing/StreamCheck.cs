using Banking.ReadModels.Books;
using JasperFx.Events;
using Npgsql;

namespace Banking.ReadModels.Comparing;

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
            .. await Comparison.OfStreamsAsync(snapshot, model, expected, found, [.. streams.Keys], [.. positions], ct),
            .. await model.CompareWithFoldsAsync(snapshot, found, streams, ct),
        ];
    }

    /// <summary>All rows of one stream that is too long to be held at once.</summary>
    /// <returns>How many events it has, and what differs.</returns>
    public static async Task<(long Events, IReadOnlyList<Difference> Differences)> RunAsync(
        NpgsqlConnection snapshot,
        ReadModel model,
        ReadTables found,
        Guid stream,
        IAsyncEnumerable<IReadOnlyList<IEvent>> events,
        CancellationToken ct)
    {
        var (expected, positions) = await ProjectAsync(snapshot, model, events, ct);
        return (positions.Count, await Comparison.OfStreamsAsync(snapshot, model, expected, found, [stream], [.. positions], ct));
    }

    /// <summary>The rows that the events make, in tables that last as long as the transaction, and the places of the events.</summary>
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
            // Sums are of all streams, so these would be others.
            await model.ProjectAsync(new(connection, sums: false), tables, page, ct);
            positions.AddRange(page.Select(e => e.Sequence));
        }

        return (tables, positions);
    }
}
