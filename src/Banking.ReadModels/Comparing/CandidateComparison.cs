using Banking.EventStore.Storage;
using Banking.ReadModels.Books;
using Npgsql;

namespace Banking.ReadModels.Comparing;

/// <summary>A table of a candidate and the same table of the active version.</summary>
/// <param name="Name">The plain name.</param>
/// <param name="Candidate">The candidate's table, with its schema.</param>
/// <param name="Active">The active version's table, with its schema; it may be missing or have other columns.</param>
/// <param name="Key">The columns of the primary key.</param>
/// <param name="StreamColumn">The column with the stream of a row, if each row belongs to one stream.</param>
internal sealed record ComparedTable(string Name, string Candidate, string Active, IReadOnlyList<string> Key, string? StreamColumn)
{
    public static ComparedTable Of(ReadTable table, ReadTables candidate, ReadTables active) => new(
        table.Name, candidate[table.Name], active[table.Name],
        table.Key.Split(',', StringSplitOptions.TrimEntries), table.StreamColumn);
}

/// <summary>
/// Compares a candidate's tables with those of the active version and stores the differences by stream. The active version may be of
/// another version of the code: columns that only one side has are differences, and rows are compared by the columns that both have.
/// </summary>
internal static class CandidateComparison
{
    /// <summary>Compares the tables within the caller's transaction.</summary>
    /// <param name="ignored">Columns that are not compared, such as the time of writing.</param>
    /// <returns>The number of rows that differ, and the first of them.</returns>
    public static async Task<(long Rows, IReadOnlyList<Difference> First)> RunAsync(
        NpgsqlConnection snapshot, string model, int number, IEnumerable<ComparedTable> tables, CancellationToken ct,
        params string[] ignored)
    {
        // An earlier comparison may have stored its differences and ended before the candidate's state was set.
        await CandidateDifferences.DeleteAsync(snapshot, model, number);
        var (rows, first) = (0L, new List<Difference>());
        foreach (var table in tables)
        {
            var (columns, differing) = await CompareColumnsAsync(snapshot, model, number, table, ignored, ct);
            rows += differing;
            if (table.Key.All(columns.Contains))
            {
                rows += await CompareRowsAsync(snapshot, model, number, table, columns, ct);
            }

            first.AddRange(await CandidateDifferences.FirstAsync(snapshot, model, number, table.Name, ct));
        }

        return (rows, first);
    }

    /// <summary>Stores the columns that differ, and returns those that both sides have with the same type.</summary>
    private static async Task<(IReadOnlyList<string> Common, long Differing)> CompareColumnsAsync(
        NpgsqlConnection snapshot, string model, int number, ComparedTable table, string[] ignored, CancellationToken ct)
    {
        static string Of(string parameter) =>
            $"""
            (select attname::text as name, attnum, format_type(atttypid, atttypmod) as type from pg_attribute
            where attrelid = to_regclass({parameter}) and attnum > 0 and not attisdropped and attname <> all($3))
            """;
        var found = await snapshot.ListAsync(
            $"""
            with compared as (
                select coalesce(c.name, a.name) as name, c.attnum, c.type as candidate, a.type as active
                from {Of("$1")} c full join {Of("$2")} a on a.name = c.name),
            stored as (
                insert into {CandidateDifferences.Table} (name, generation, subject, table_name, rows, examples)
                select $4, $5, '', $6, count(*), jsonb_agg(
                    jsonb_build_object('key', null, 'column', name, 'active', active, 'candidate', candidate) order by name)
                from compared where candidate is distinct from active having count(*) > 0)
            select name, candidate is not distinct from active from compared order by attnum
            """,
            [table.Candidate, table.Active, ignored, model, number, table.Name],
            row => (Name: row.GetString(0), IsCommon: row.GetBoolean(1)),
            ct);
        return ([.. found.Where(c => c.IsCommon).Select(c => c.Name)], found.Count(c => !c.IsCommon));
    }

    /// <summary>Stores how many rows of each stream differ, and the first of them.</summary>
    private static async Task<long> CompareRowsAsync(
        NpgsqlConnection snapshot, string model, int number, ComparedTable table, IReadOnlyList<string> columns, CancellationToken ct)
    {
        var list = string.Join(", ", columns);
        var (candidate, active) = ($"select {list} from {table.Candidate}", $"select {list} from {table.Active}");
        if (await Comparison.AreSameAsync(snapshot, candidate, active, null, ct))
        {
            return 0;
        }

        var key = string.Join(", ", table.Key);
        var hasStream = table.StreamColumn is { } column && columns.Contains(column);
        var stream = hasStream ? $"coalesce(c.{table.StreamColumn}, a.{table.StreamColumn})" : "null::uuid";
        return await snapshot.ScalarAsync<long>(
            $"""
            with c as ({candidate} except all {active}), a as ({active} except all {candidate}),
            changed as (
                select {stream} as stream, jsonb_build_array({key}) as key,
                    row_number() over (partition by {(hasStream ? stream : key)} order by {key}) as place,
                    count(*) over (partition by {(hasStream ? stream : key)}) as rows,
                    case when c.{table.Key[0]} is not null then c end as candidate,
                    case when a.{table.Key[0]} is not null then a end as active
                from c full join a using ({key})),
            stored as (
                insert into {CandidateDifferences.Table} (name, generation, subject, table_name, stream, rows, examples)
                select $1, $2, coalesce(stream::text, min({CandidateDifferences.SubjectOf("key")})), $3, stream, max(rows), jsonb_agg(
                    jsonb_build_object('key', key, 'active', to_jsonb(active), 'candidate', to_jsonb(candidate)) order by place)
                from changed where place <= {CandidateDifferences.MaxExamples}
                group by stream, case when stream is null then key end
                returning rows)
            select coalesce(sum(rows), 0)::bigint from stored
            """,
            [model, number, table.Name],
            ct,
            timeoutSeconds: 0);
    }
}
