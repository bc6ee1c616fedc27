using Banking.EventStore.Storage;
using Npgsql;
using NpgsqlTypes;

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
            await using var command = new NpgsqlCommand(
                // OFFSET 0 is an optimizer fence: look up the event by position, do not scan its stream.
                $"""
                select r.{table.StreamColumn}, to_jsonb(r)::text from {tables[table.Name]} r
                where r.position > $1 and r.position <= $2 and not exists (
                    select from (select e.stream_id from {SchemaNames.Events}.mt_events e where e.seq_id = r.position offset 0) e
                    where e.stream_id = r.{table.StreamColumn})
                order by r.position limit {MaxRows}
                """,
                snapshot)
            {
                CommandTimeout = 0,
                Parameters = { new() { Value = after }, new() { Value = upTo } },
            };
            await using var reader = await command.ExecuteReaderAsync(ct);
            while (await reader.ReadAsync(ct))
            {
                orphans.Add(new(model.Name, table.Name, reader.GetGuid(0), null, reader.GetString(1)));
            }
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
                var condition = parts is null ? "true" : $"{derivation.Part} = any($1)";
                differences.AddRange(
                    await CompareRowsAsync(
                        snapshot,
                        model,
                        table,
                        derivation.QueryWhere(tables, condition),
                        $"select * from {tables[table.Name]} where {condition}",
                        parts,
                        ct));
            }
        }

        return differences;
    }

    /// <summary>
    /// Compares both sides by a digest. They are nearly always equal, and a digest reads each side once; listing differing rows reads each
    /// side twice.
    /// </summary>
    internal static async Task<bool> AreSameAsync(
        NpgsqlConnection snapshot, string expected, string found, Array? parameter, CancellationToken ct)
    {
        static string Digest(string rows) =>
            $"(select count(*)::text || '/' || coalesce(sum(hash_record_extended(r, 0)), 0)::text from ({rows}) r)";
        await using var command = new NpgsqlCommand($"select {Digest(expected)} = {Digest(found)}", snapshot) { CommandTimeout = 0 };
        Add(command, parameter);
        return (bool)(await command.ExecuteScalarAsync(ct))!;
    }

    private static void Add(NpgsqlCommand command, Array? parameter)
    {
        if (parameter is not null)
        {
            command.Parameters.Add(
                new()
                {
                    Value = parameter,
                    NpgsqlDbType =
                        NpgsqlDbType.Array
                        | parameter switch
                        {
                            Guid[] => NpgsqlDbType.Uuid,
                            long[] => NpgsqlDbType.Bigint,
                            _ => NpgsqlDbType.Date,
                        },
                });
        }
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
        await using var command = new NpgsqlCommand(
            $"({Side("expected", expected, found)}) union all ({Side("found", found, expected)})", snapshot)
        { CommandTimeout = 0 };
        Add(command, parameter);
        var rows = new SortedDictionary<string, Difference>(StringComparer.Ordinal);
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            var row = rows.GetValueOrDefault(
                reader.GetString(2),
                new(model.Name, table.Name, reader.IsDBNull(1) ? null : reader.GetGuid(1), null, null));
            rows[reader.GetString(2)] =
                reader.GetString(0) == "expected" ? row with { Expected = reader.GetString(3) } : row with { Found = reader.GetString(3) };
        }

        return [.. rows.Values];
    }
}
