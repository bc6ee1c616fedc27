using Banking.EventStore.Log;
using Banking.EventStore.Storage;
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
        var expected = await CreateAsync(snapshot, model);
        var positions = await AddAsync(snapshot, model, expected, pages, ct);
        return
        [
            .. await Comparison.CompareStreamsAsync(snapshot, model, expected, found, [.. streams.Keys], [.. positions], ct),
            .. await model.CompareWithFoldsAsync(snapshot, found, streams, ct),
        ];
    }

    /// <summary>Compares all rows of one stream, of which one page at a time is in memory.</summary>
    /// <param name="upTo">The position of the tables.</param>
    public static async Task<IReadOnlyList<Difference>> RunAsync(
        NpgsqlConnection snapshot, ReadModel model, ReadTables found, LogReader log, Guid stream, long upTo, CancellationToken ct)
    {
        var deleted = await DeletedPart.FindAsync(snapshot, stream, ct);
        var differences = new List<Difference>();
        if (!deleted.IsWhole)
        {
            var (expected, positions) = await ProjectAsync(snapshot, model, found, log, stream, deleted, upTo, ct);
            differences.AddRange(await Comparison.CompareStreamsAsync(snapshot, model, expected, found, [stream], [.. positions], ct));
        }

        if (deleted.Version > 0)
        {
            differences.AddRange(await model.CompareEndsAsync(snapshot, found, [stream], ct));
        }

        return differences;
    }

    /// <summary>
    /// Projects the events of a stream into temporary tables, which the end of the transaction drops. In place of events that were deleted
    /// with archive files the tables get the stored rows: these are compared with nothing, and the rows after them continue them.
    /// </summary>
    /// <param name="deleted">The part of the stream that was deleted.</param>
    /// <returns>The tables, and the positions of all events of the stream, deleted or projected.</returns>
    public static async Task<(ReadTables Tables, IReadOnlyList<long> Positions)> ProjectAsync(
        NpgsqlConnection connection, ReadModel model, ReadTables found, LogReader log, Guid stream, DeletedPart deleted, long upTo,
        CancellationToken ct)
    {
        var tables = await CreateAsync(connection, model);
        var earlier = deleted.Version == 0 ? [] : await CopyAsync(connection, model, found, tables, stream, deleted.Version, ct);
        var pages = log.ReadStreamAsync(connection, stream, upTo, ct, deleted.Version + 1);
        return (tables, [.. earlier, .. await AddAsync(connection, model, tables, pages, ct)]);
    }

    private static async Task<ReadTables> CreateAsync(NpgsqlConnection connection, ReadModel model)
    {
        var tables = ReadTables.Scratch(Prefix);
        foreach (var table in model.Tables)
        {
            await ReadModelSchema.ExecuteAsync(connection, $"drop table if exists {tables[table.Name]}");
        }

        await ReadModelSchema.CreateAsync(connection, model, tables, temporary: true);
        return tables;
    }

    /// <returns>The positions of the events.</returns>
    private static async Task<List<long>> AddAsync(
        NpgsqlConnection connection, ReadModel model, ReadTables tables, IAsyncEnumerable<IReadOnlyList<IEvent>> pages,
        CancellationToken ct)
    {
        var positions = new List<long>();
        await foreach (var page in pages.WithCancellation(ct))
        {
            // No sums: they cover all streams and could not be compared.
            await model.ProjectAsync(new(connection, sums: false), tables, page, ct);
            positions.AddRange(page.Select(e => e.Sequence));
        }

        return positions;
    }

    /// <summary>Copies the rows of the events of a stream up to a version.</summary>
    /// <returns>The positions of these events.</returns>
    private static async Task<IReadOnlyList<long>> CopyAsync(
        NpgsqlConnection connection, ReadModel model, ReadTables from, ReadTables to, Guid stream, long upToVersion, CancellationToken ct)
    {
        const string Positions = $"select seq_id from {SchemaNames.Events}.mt_events where stream_id = $1 and version <= $2";
        foreach (var table in model.Tables.Where(t => t.StreamColumn is not null))
        {
            await connection.ExecuteAsync(
                $"insert into {to[table.Name]} select * from {from[table.Name]} "
                    + $"where {table.StreamColumn} = $1 and {table.UpToVersion ?? $"position in ({Positions})"}",
                [stream, upToVersion],
                ct,
                timeoutSeconds: 0);
        }

        return await connection.ListAsync(Positions, [stream, upToVersion], row => row.GetInt64(0), ct, timeoutSeconds: 0);
    }
}
