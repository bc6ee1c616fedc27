using Banking.EventStore.Log;
using Banking.EventStore.Storage;
using Banking.ReadModels.Books;
using Banking.ReadModels.Comparing;
using Npgsql;

namespace Banking.ReadModels.Verifying;

/// <summary>
/// Replaces rows of the active version of a read model that differ from the log, in the caller's transaction.
/// </summary>
public sealed class RowRepair(LogReader log, TimeProvider clock)
{
    /// <summary>Locks the active version, and replaces the rows of a stream, or all sums, that differ.</summary>
    /// <param name="only">Null for all sums.</param>
    /// <returns>The rows that differed; empty if hosts of another version of the bank write the read model.</returns>
    public async Task<IReadOnlyList<Difference>> RunAsync(NpgsqlConnection connection, ReadModel model, Guid? only, CancellationToken ct)
    {
        if (
            await Generation.ActiveAsync(connection, model.Name, locked: true, ct) is not { } active
            || active.ModelVersion != model.Version)
        {
            return [];
        }

        var tables = ReadTables.Generation(model, active.Number);
        var found = only is { } stream
            ? await OfStreamAsync(connection, model, tables, stream, active.Position, ct)
            : await OfSumsAsync(connection, model, tables, null, ct);
        if (found.Count > 0)
        {
            // Changes the generation's row, so that hosts discard their cache of the repaired rows.
            await active.MoveAsync(connection, active.Position, clock.GetUtcNow(), ct);
        }

        return found;
    }

    /// <summary>Replaces all rows of a stream if any of them differs, and then the sums that these rows belong to.</summary>
    private async Task<IReadOnlyList<Difference>> OfStreamAsync(
        NpgsqlConnection connection, ReadModel model, ReadTables tables, Guid stream, long position, CancellationToken ct)
    {
        var deleted = await DeletedPart.FindAsync(connection, stream, ct);
        var (expected, _) = await StreamCheck.ProjectAsync(connection, model, tables, log, stream, deleted, position, ct);
        var found = await Comparison.CompareStreamsAsync(connection, model, expected, tables, [stream], null, ct);
        if (found.Count == 0)
        {
            return found;
        }

        var parts = await PartsAsync(connection, model, tables, expected, stream, ct);
        foreach (var table in model.Tables.Where(t => t.StreamColumn is not null))
        {
            await ReadModelSchema.ExecuteAsync(
                connection, $"delete from {tables[table.Name]} r where {IsReplaced(table, expected)}", stream);
            await ReadModelSchema.ExecuteAsync(connection, $"insert into {tables[table.Name]} select * from {expected[table.Name]}");
        }

        return [.. found, .. await OfSumsAsync(connection, model, tables, parts, ct)];
    }

    /// <summary>Replaces the sums that differ from the rows that they sum.</summary>
    /// <param name="parts">Only these values of the <see cref="Derivation.Part"/> column; null for all.</param>
    private static async Task<IReadOnlyList<Difference>> OfSumsAsync(
        NpgsqlConnection connection, ReadModel model, ReadTables tables, DateOnly[]? parts, CancellationToken ct)
    {
        var found = await Comparison.CompareSumsAsync(connection, model, tables, parts, ct);
        foreach (var table in model.Tables.Where(t => found.Any(d => d.Table == t.Name)))
        {
            var derivation = table.Derivation!;
            var sums = parts is null ? derivation.QueryWhere(tables, "true") : derivation.QueryOfParts(tables);
            foreach (var sql in (string[])[
                $"delete from {tables[table.Name]} where {(parts is null ? "true" : $"{derivation.Part} = any($1)")}",
                $"insert into {tables[table.Name]} {sums}"])
            {
                await connection.ExecuteAsync(sql, parts is null ? [] : [parts], ct, timeoutSeconds: 0);
            }
        }

        return found;
    }

    /// <summary>
    /// The condition on a stored row: it belongs to the stream $1, or it has the position of an expected row and a forged stream. Other
    /// keys than a position include the stream.
    /// </summary>
    private static string IsReplaced(ReadTable table, ReadTables expected) => table.IsByPosition
        ? $"(r.{table.StreamColumn} = $1 or r.position in (select position from {expected[table.Name]}))"
        : $"r.{table.StreamColumn} = $1";

    /// <summary>The parts of the sums that the replaced or the expected rows belong to.</summary>
    private static async Task<DateOnly[]> PartsAsync(
        NpgsqlConnection connection, ReadModel model, ReadTables tables, ReadTables expected, Guid stream, CancellationToken ct)
    {
        var parts = new SortedSet<DateOnly>();
        foreach (var derivation in model.Tables.Select(t => t.Derivation).OfType<Derivation>())
        {
            var table = model.Tables.Single(t => t.Name == derivation.From);
            parts.UnionWith(await connection.ListAsync(
                $"""
                select {derivation.PartOfRow} from {tables[derivation.From]} r where {IsReplaced(table, expected)}
                union select {derivation.PartOfRow} from {expected[derivation.From]}
                """,
                [stream],
                row => row.GetFieldValue<DateOnly>(0),
                ct));
        }

        return [.. parts];
    }
}
