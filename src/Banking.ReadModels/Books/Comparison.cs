using Banking.EventStore.Storage;
using Npgsql;

namespace Banking.ReadModels.Books;

/// <summary>Compares rows within the database and lists the rows that differ.</summary>
internal static class Comparison
{
    /// <summary>Maximum number of differing rows listed per table: enough to recognize the kind of fault.</summary>
    public const int MaxRows = 100;

    /// <summary>Compares the rows of some streams.</summary>
    /// <param name="positions">
    /// Positions of the streams' events, to look up rows whose key is a position. Rows of the streams at other positions are then not
    /// found; <see cref="FindOrphanRowsAsync"/> finds them. Null searches the whole table by stream.
    /// </param>
    public static async Task<IReadOnlyList<Difference>> CompareStreamsAsync(
        NpgsqlConnection snapshot,
        ReadModel model,
        ReadTables expected,
        ReadTables found,
        Guid[] streams,
        long[]? positions,
        CancellationToken ct)
    {
        var differences = new List<Difference>();
        foreach (var table in model.Tables.Where(t => t.StreamColumn is not null))
        {
            var byPosition = table.IsByPosition && positions is not null;
            differences.AddRange(
                await CompareRowsAsync(
                    snapshot,
                    model,
                    table,
                    $"select * from {expected[table.Name]}",
                    $"select * from {found[table.Name]} where {(byPosition ? "position" : table.StreamColumn)} = any($1)",
                    byPosition ? positions : streams,
                    ct));
        }

        return differences;
    }

    /// <summary>Finds orphan rows between two positions: the log has no event at their position, or an event of another stream.</summary>
    public static async Task<IReadOnlyList<Difference>> FindOrphanRowsAsync(
        NpgsqlConnection snapshot, ReadModel model, ReadTables tables, long after, long upTo, CancellationToken ct)
    {
        var orphans = new List<Difference>();
        foreach (var table in model.Tables.Where(t => t is { IsByPosition: true, StreamColumn: not null }))
        {
            orphans.AddRange(await snapshot.ListAsync(
                // OFFSET 0 is an optimizer fence: look up the event by position, do not scan its stream.
                $"""
                select r.{table.StreamColumn}, to_jsonb(r)::text from {tables[table.Name]} r
                where r.position > $1 and r.position <= $2 and not exists (
                    select from (select e.stream_id from {SchemaNames.Events}.mt_events e where e.seq_id = r.position offset 0) e
                    where e.stream_id = r.{table.StreamColumn})
                order by r.position limit {MaxRows}
                """,
                [after, upTo],
                row => new Difference(model.Name, table.Name, row.GetGuid(0), null, row.GetString(1)),
                ct,
                timeoutSeconds: 0));
        }

        return orphans;
    }

    /// <summary>Compares sums with the rows that they sum.</summary>
    /// <param name="parts">Restricts the comparison to these values of the <see cref="Derivation.Part"/> column; null for all.</param>
    public static async Task<IReadOnlyList<Difference>> CompareSumsAsync(
        NpgsqlConnection snapshot, ReadModel model, ReadTables tables, DateOnly[]? parts, CancellationToken ct)
    {
        var differences = new List<Difference>();
        foreach (var table in model.Tables)
        {
            if (table.Derivation is { } derivation)
            {
                differences.AddRange(
                    await CompareRowsAsync(
                        snapshot,
                        model,
                        table,
                        parts is null ? derivation.QueryWhere(tables, "true") : derivation.QueryOfParts(tables),
                        $"select * from {tables[table.Name]} where {(parts is null ? "true" : $"{derivation.Part} = any($1)")}",
                        parts,
                        ct));
            }
        }

        return differences;
    }

    /// <summary>Compares the sums of some chunks with the rows that they sum.</summary>
    public static async Task<IReadOnlyList<Difference>> CompareChunksAsync(
        NpgsqlConnection snapshot, ReadModel model, ReadTable table, ReadTables tables, IEnumerable<long> chunks, CancellationToken ct)
    {
        var (derivation, differences) = (table.Derivation!, new List<Difference>());
        foreach (var chunk in chunks)
        {
            var first = chunk * derivation.ChunkPositions;
            differences.AddRange(
                await CompareRowsAsync(
                    snapshot,
                    model,
                    table,
                    derivation.QueryBetween(tables, first - 1, first - 1 + derivation.ChunkPositions),
                    $"select * from {tables[table.Name]} where chunk = any($1)",
                    new[] { chunk },
                    ct));
        }

        return differences;
    }

    /// <summary>
    /// Compares both sides by a digest. They are nearly always equal, and a digest reads each side once; listing differing rows reads each
    /// side twice.
    /// </summary>
    internal static Task<bool> AreSameAsync(
        NpgsqlConnection snapshot, string expected, string found, Array? parameter, CancellationToken ct)
    {
        static string Digest(string rows) =>
            $"(select count(*)::text || '/' || coalesce(sum(hash_record_extended(r, 0)), 0)::text from ({rows}) r)";
        return snapshot.ScalarAsync<bool>(
            $"select {Digest(expected)} = {Digest(found)}", parameter is null ? [] : [parameter], ct, timeoutSeconds: 0);
    }

    private static async Task<IReadOnlyList<Difference>> CompareRowsAsync(
        NpgsqlConnection snapshot, ReadModel model, ReadTable table, string expected, string found, Array? parameter, CancellationToken ct)
    {
        if (await AreSameAsync(snapshot, expected, found, parameter, ct))
        {
            return [];
        }

        var stream = table.StreamColumn is null ? "null::uuid" : $"r.{table.StreamColumn}";
        var key = string.Join(", ", table.Key.Split(',').Select(c => "r." + c.Trim()));
        string Side(string name, string these, string those) =>
            $"""
            select '{name}', {stream}, jsonb_build_array({key})::text as key, to_jsonb(r)::text
            from (({these}) except all ({those})) r order by key limit {MaxRows}
            """;
        var sides = await snapshot.ListAsync(
            $"({Side("expected", expected, found)}) union all ({Side("found", found, expected)})",
            parameter is null ? [] : [parameter],
            row => (Name: row.GetString(0), Stream: row.GetOrDefault<Guid?>(1), Key: row.GetString(2), Row: row.GetString(3)),
            ct,
            timeoutSeconds: 0);
        var rows = new SortedDictionary<string, Difference>(StringComparer.Ordinal);
        foreach (var side in sides)
        {
            var row = rows.GetValueOrDefault(
                side.Key, new(model.Name, table.Name, side.Stream, null, null) { Key = side.Stream is null ? side.Key : null });
            rows[side.Key] = side.Name == "expected" ? row with { Expected = side.Row } : row with { Found = side.Row };
        }

        return [.. rows.Values];
    }
}
