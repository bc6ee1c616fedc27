using System.Globalization;

namespace Banking.ReadModels.Books;

/// <summary>
/// One table of a read model. It exists once per generation; readers see the active version through a view with the plain name.
/// </summary>
/// <param name="Name">The plain name, which readers use after the schema.</param>
/// <param name="Columns">The SQL definition of the columns.</param>
/// <param name="Key">The columns of the primary key, which exists before the first row.</param>
public sealed record ReadTable(string Name, string Columns, string Key)
{
    /// <summary>
    /// The SQL after <c>create index on TABLE</c>. A rebuild creates indexes after it has written the rows, which is several times faster.
    /// </summary>
    public IReadOnlyList<string> Indexes { get; init; } = [];

    /// <summary>
    /// The column with the stream of a row, if each row belongs to one stream: such rows are compared and repaired by stream.
    /// </summary>
    public string? StreamColumn { get; init; }

    /// <summary>Whether each row belongs to one event and its key is the event's position: such rows are looked up by position.</summary>
    public bool IsByPosition => Key == "position";

    /// <summary>
    /// The SQL condition on a row that all its events are of version $2 or lower of its stream. Null if each row belongs to one event and
    /// has its position in a column <c>position</c>.
    /// </summary>
    public string? UpToVersion { get; init; }

    /// <summary>The column with the time at which the bank recorded a row, if there is one.</summary>
    public string? RecordedColumn { get; init; }

    /// <summary>For a table of sums over another table of the model: how to compute them.</summary>
    public Derivation? Derivation { get; init; }
}

/// <summary>Sums that can be computed again at any time.</summary>
/// <param name="From">The table of the model that is summed.</param>
/// <param name="Part">A column of the sums, a date: they are checked and repaired for some of its values at a time.</param>
/// <param name="Query">Selects the sums, columns in the order of the table, from <c>{from}</c> where <c>{condition}</c>.</param>
/// <param name="Sums">The columns that are sums; the other columns are the key.</param>
public sealed record Derivation(string From, string Part, string Query, IReadOnlyList<string> Sums)
{
    /// <summary>The part of a row of the summed table, as SQL over its columns; the column of the same name if not set.</summary>
    public string PartOfRow { get; init; } = Part;

    /// <summary>
    /// If each sum belongs to a chunk of the log, the number of positions of a chunk; the column <c>chunk</c> has the chunk's number. The
    /// sentinel compares such sums a chunk at a time, because they are as many as the log is long. Zero for other sums.
    /// </summary>
    public int ChunkPositions { get; init; }

    /// <summary>
    /// The query over rows between two positions, the first not included; the summed table must have an index on its position. OFFSET 0 is
    /// an optimizer fence: look up the rows by position.
    /// </summary>
    internal string QueryBetween(ReadTables tables, long after, long upTo) =>
        Query
            .Replace(
                "{from}",
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"(select * from {tables[From]} where position > {after} and position <= {upTo} offset 0) as stretch"),
                StringComparison.Ordinal)
            .Replace("{condition}", "true", StringComparison.Ordinal);

    /// <summary>The query over the rows of the parts $1.</summary>
    internal string QueryOfParts(ReadTables tables) => QueryWhere(tables, $"{PartOfRow} = any($1)");

    internal string QueryWhere(ReadTables tables, string condition) =>
        Query.Replace("{from}", tables[From], StringComparison.Ordinal).Replace("{condition}", condition, StringComparison.Ordinal);
}

/// <summary>The tables of one generation of a read model.</summary>
public sealed class ReadTables(string schema, string suffix)
{
    /// <summary>The views that readers use.</summary>
    public static ReadTables Served(ReadModel model) => new(Of(model), "");

    public static ReadTables Generation(ReadModel model, int generation) => new(Of(model), $"_g{generation}");

    /// <summary>Temporary tables, which the end of the transaction drops.</summary>
    public static ReadTables Scratch(string prefix) => new("pg_temp", "_" + prefix);

    /// <summary>The same tables in a separate schema, for a replay.</summary>
    public static ReadTables In(string schema) => new(schema, "");

    /// <summary>The full name of a table.</summary>
    public string this[string table] => $"{schema}.{table}{suffix}";

    private static string Of(ReadModel model)
    {
        return model.Schema;
    }
}
