using Npgsql;
using NpgsqlTypes;

namespace Banking.Platform.ReadModels;

/// <summary>Compares rows with rows, in the database, and names those that differ.</summary>
internal static class Comparison
{
    /// <summary>Rows that are named at most for a table: enough to see what kind of fault it is.</summary>
    public const int Most = 100;

    /// <summary>Every table of a model against the same of another generation.</summary>
    public static async Task<IReadOnlyList<Difference>> OfAllAsync(
        NpgsqlConnection snapshot, ReadModel model, ReadTables expected, ReadTables found, CancellationToken ct)
    {
        var differences = new List<Difference>();
        foreach (var table in model.Tables)
        {
            // Nearly always they are the same, which two sums over hashes tell at a tenth of the cost.
            if (await DigestAsync(snapshot, expected[table.Name], ct) != await DigestAsync(snapshot, found[table.Name], ct))
            {
                differences.AddRange(await OfRowsAsync(
                    snapshot, model, table, $"select * from {expected[table.Name]}", $"select * from {found[table.Name]}", null, ct));
            }
        }

        return differences;
    }

    /// <summary>The rows of some streams.</summary>
    public static async Task<IReadOnlyList<Difference>> OfStreamsAsync(
        NpgsqlConnection snapshot, ReadModel model, ReadTables expected, ReadTables found, Guid[] streams, CancellationToken ct)
    {
        var differences = new List<Difference>();
        foreach (var table in model.Tables.Where(t => t.StreamColumn is not null))
        {
            differences.AddRange(await OfRowsAsync(
                snapshot, model, table, $"select * from {expected[table.Name]}",
                $"select * from {found[table.Name]} where {table.StreamColumn} = any($1)", streams, ct));
        }

        return differences;
    }

    /// <summary>Sums against the rows that they sum.</summary>
    /// <param name="parts">Only these values of the column by which they are checked in parts; null for all.</param>
    public static async Task<IReadOnlyList<Difference>> OfSumsAsync(
        NpgsqlConnection snapshot, ReadModel model, ReadTables tables, DateOnly[]? parts, CancellationToken ct)
    {
        var differences = new List<Difference>();
        foreach (var table in model.Tables)
        {
            if (table.Derivation is { } derivation)
            {
                var condition = parts is null ? "true" : $"{derivation.Part} = any($1)";
                differences.AddRange(await OfRowsAsync(
                    snapshot, model, table, derivation.Of(tables, condition), $"select * from {tables[table.Name]} where {condition}", parts, ct));
            }
        }

        return differences;
    }

    private static async Task<string> DigestAsync(NpgsqlConnection snapshot, string table, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(
            $"select count(*)::text || '/' || coalesce(sum(hash_record_extended(t, 0)), 0)::text from {table} t", snapshot)
        { CommandTimeout = 0 };
        return (string)(await command.ExecuteScalarAsync(ct))!;
    }

    private static async Task<IReadOnlyList<Difference>> OfRowsAsync(
        NpgsqlConnection snapshot, ReadModel model, ReadTable table, string expected, string found, Array? parameter, CancellationToken ct)
    {
        var stream = table.StreamColumn is null ? "null::uuid" : $"r.{table.StreamColumn}";
        var key = string.Join(", ", table.Key.Split(',').Select(c => "r." + c.Trim()));
        string Side(string name, string these, string those) =>
            $"select '{name}', {stream}, jsonb_build_array({key})::text as key, to_jsonb(r)::text from (({these}) except all ({those})) r order by key limit {Most}";
        await using var command = new NpgsqlCommand(
            $"({Side("expected", expected, found)}) union all ({Side("found", found, expected)})", snapshot)
        { CommandTimeout = 0 };
        if (parameter is not null)
        {
            command.Parameters.Add(new()
            {
                Value = parameter,
                NpgsqlDbType = NpgsqlDbType.Array | (parameter is Guid[]? NpgsqlDbType.Uuid : NpgsqlDbType.Date),
            });
        }

        var rows = new SortedDictionary<string, Difference>(StringComparer.Ordinal);
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            var row = rows.GetValueOrDefault(
                reader.GetString(2), new(model.Name, table.Name, reader.IsDBNull(1) ? null : reader.GetGuid(1), null, null));
            rows[reader.GetString(2)] = reader.GetString(0) == "expected" ? row with { Expected = reader.GetString(3) } : row with { Found = reader.GetString(3) };
        }

        return [.. rows.Values];
    }
}
