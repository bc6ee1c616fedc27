using System.Text.Json;
using Banking.EventStore.Storage;
using Banking.ReadModels.Books;
using Npgsql;

namespace Banking.ReadModels.Comparing;

/// <summary>How rows of one subject differ between a candidate and the active version.</summary>
/// <param name="Subject">
/// The stream; for rows without a stream their key, shortened if it is long; empty for the columns of the table.
/// </param>
/// <param name="Stream">The stream that the rows belong to; null for sums and columns.</param>
/// <param name="StreamType">The kind of the stream, such as account.</param>
/// <param name="Rows">Number of rows that differ.</param>
/// <param name="Changes">What differs in the first of these rows.</param>
public sealed record SubjectDifference(
    string Subject, string Table, Guid? Stream, string? StreamType, long Rows, IReadOnlyList<ValueChange> Changes);

/// <summary>A value that differs.</summary>
/// <param name="Key">The key of the row, as a JSON array; null for a column of the table.</param>
/// <param name="Column">The column; null if only one side has the row.</param>
/// <param name="Active">The value in the active version, or the whole row, as JSON; null if it is missing there.</param>
/// <param name="Candidate">The same in the candidate.</param>
public sealed record ValueChange(string? Key, string? Column, string? Active, string? Candidate);

/// <summary>Number of rows that differ, and of the streams that they belong to.</summary>
public sealed record DifferenceTotals(long Rows, long Streams);

/// <summary>The stored differences of candidates from active versions, by stream.</summary>
public sealed class CandidateDifferences(NpgsqlDataSource source)
{
    internal const string Table = SchemaNames.Platform + ".read_model_difference";

    /// <summary>Maximum number of rows per subject and table of which the values are kept; all are counted.</summary>
    internal const int MaxExamples = 10;

    /// <summary>
    /// Maximum number of characters of a subject. It is in the key of the table, whose entries PostgreSQL limits, and in cursors.
    /// </summary>
    internal const int MaxSubjectLength = 200;

    /// <summary>Maximum number of bytes of a subject with its table. A name in PostgreSQL has at most 63 bytes.</summary>
    internal const int MaxPlaceBytes = (MaxSubjectLength * 4) + 63;

    internal const string Sql =
        $"""
        create table if not exists {Table} (
            name text not null, generation int not null, subject text collate "C" not null, table_name text collate "C" not null,
            stream uuid, rows bigint not null, examples jsonb not null,
            primary key (name, generation, subject, table_name));
        """;

    /// <summary>The subject of rows without a stream as SQL: their key. A long key is cut and ends with its hash, to stay unique.</summary>
    internal static string SubjectOf(string key) =>
        $"case when length({key}::text) <= {MaxSubjectLength} then {key}::text "
        + $"else left({key}::text, {MaxSubjectLength - 32}) || md5({key}::text) end";

    /// <summary>Deletes the differences of all candidates of a read model.</summary>
    internal static Task DeleteAsync(NpgsqlConnection connection, string model) =>
        ReadModelSchema.ExecuteAsync(connection, $"delete from {Table} where name = $1", model);

    /// <summary>Deletes the differences of one candidate.</summary>
    internal static Task DeleteAsync(NpgsqlConnection connection, string model, int number) =>
        ReadModelSchema.ExecuteAsync(connection, $"delete from {Table} where name = $1 and generation = $2", model, number);

    /// <summary>Reads the first differing rows of a table.</summary>
    internal static Task<IReadOnlyList<Difference>> FirstAsync(
        NpgsqlConnection connection, string model, int number, string table, CancellationToken ct) => connection.ListAsync(
        $"""
        select d.stream, e ->> 'candidate', e ->> 'active' from {Table} d, jsonb_array_elements(d.examples) e
        where d.name = $1 and d.generation = $2 and d.table_name = $3 order by d.subject limit {Comparison.MaxRows}
        """,
        [model, number, table],
        row => new Difference(model, table, row.GetOrDefault<Guid?>(0), row.GetOrDefault<string>(1), row.GetOrDefault<string>(2)),
        ct);

    /// <summary>Counts the differences of a candidate.</summary>
    public async Task<DifferenceTotals> TotalsAsync(string model, int number, CancellationToken ct) => (await source.ListAsync(
        $"select coalesce(sum(rows), 0)::bigint, count(distinct stream) from {Table} where name = $1 and generation = $2",
        [model, number],
        row => new DifferenceTotals(row.GetInt64(0), row.GetInt64(1)),
        ct))[0];

    /// <summary>Reads the differences of a candidate by subject and table.</summary>
    /// <param name="after">The last subject and table of the page before; null for the first page.</param>
    public Task<IReadOnlyList<SubjectDifference>> PageAsync(
        string model, int number, (string Subject, string Table)? after, int limit, CancellationToken ct) => source.ListAsync(
        $"""
        select d.subject, d.table_name, d.stream, s.type, d.rows, d.examples::text
        from {Table} d left join {SchemaNames.Events}.mt_streams s on s.id = d.stream
        where d.name = $1 and d.generation = $2 and ($3 or (d.subject, d.table_name) > ($4, $5))
        order by d.subject, d.table_name limit $6
        """,
        [model, number, after is null, after?.Subject ?? "", after?.Table ?? "", limit],
        row => new SubjectDifference(
            row.GetString(0), row.GetString(1), row.GetOrDefault<Guid?>(2), row.GetOrDefault<string>(3), row.GetInt64(4),
            [.. Changes(row.GetString(5))]),
        ct);

    private static IEnumerable<ValueChange> Changes(string examples)
    {
        using var array = JsonDocument.Parse(examples);
        foreach (var row in array.RootElement.EnumerateArray())
        {
            var (active, candidate) = (row.GetProperty("active"), row.GetProperty("candidate"));
            var key = row.GetProperty("key") is { ValueKind: not JsonValueKind.Null } k ? k.GetRawText() : null;
            if (row.TryGetProperty("column", out var column))
            {
                yield return new(key, column.GetString(), Value(active), Value(candidate));
            }
            else if (active.ValueKind == JsonValueKind.Null || candidate.ValueKind == JsonValueKind.Null)
            {
                yield return new(key, null, Value(active), Value(candidate));
            }
            else
            {
                foreach (var change in Members(key, active, candidate))
                {
                    yield return change;
                }
            }
        }
    }

    /// <summary>The members of two rows or documents that differ, such as balance or data.status.</summary>
    private static IEnumerable<ValueChange> Members(string? key, JsonElement active, JsonElement candidate, string path = "")
    {
        foreach (var name in active.EnumerateObject().Concat(candidate.EnumerateObject()).Select(m => m.Name).Distinct())
        {
            var hasBoth = active.TryGetProperty(name, out var before) & candidate.TryGetProperty(name, out var after);
            if (hasBoth && before.ValueKind == JsonValueKind.Object && after.ValueKind == JsonValueKind.Object)
            {
                foreach (var change in Members(key, before, after, $"{path}{name}."))
                {
                    yield return change;
                }
            }
            else if (!hasBoth || !JsonElement.DeepEquals(before, after))
            {
                yield return new(key, path + name, Value(before), Value(after));
            }
        }
    }

    private static string? Value(JsonElement value) =>
        value.ValueKind is JsonValueKind.Null or JsonValueKind.Undefined ? null : value.GetRawText();
}
