using System.Globalization;

namespace Banking.ReadModels.Books;

/// <summary>
/// One table of a read model. It exists once per generation; readers see the serving one through a view of the plain name.
/// </summary>
/// <param name="Name">The plain name: what readers read from, after the schema.</param>
/// <param name="Columns">The columns as SQL defines them.</param>
/// <param name="Key">The columns of the primary key, which a generation has from its first row.</param>
public sealed record ReadTable(string Name, string Columns, string Key)
{
    /// <summary>
    /// What follows <c>create index on TABLE</c>. A rebuild makes them when its rows are there, which is several times faster.
    /// </summary>
    public IReadOnlyList<string> Indexes { get; init; } = [];

    /// <summary>
    /// The column that says whose stream a row comes from, where each row comes from one: such rows are compared and repaired by stream.
    /// </summary>
    public string? StreamColumn { get; init; }

    /// <summary>Whether a row is of one event and has its position for a key: such rows are found by it, whatever is indexed.</summary>
    public bool IsByPosition => Key == "position";

    /// <summary>The column that says when the bank learned of a row, where rows can be told apart by it.</summary>
    public string? RecordedColumn { get; init; }

    /// <summary>For sums over the rows of another table of the model: how they are made from it.</summary>
    public Derivation? Derivation { get; init; }
}

/// <summary>Sums that can be made anew at any time.</summary>
/// <param name="From">The table of the model that they sum.</param>
/// <param name="Part">A column of both tables: sums are checked and repaired for some of its values at a time.</param>
/// <param name="Query">Selects the sums, columns in the order of the table, from <c>{from}</c> where <c>{condition}</c>.</param>
/// <param name="Sums">The columns that are sums; the others are the key.</param>
public sealed record Derivation(string From, string Part, string Query, IReadOnlyList<string> Sums)
{
    /// <summary>
    /// Of rows between two positions only, the first not included; the summed table's key must be its position. The offset keeps the
    /// stretch apart: it is to be found by its positions, whatever else is asked of its rows.
    /// </summary>
    internal string Between(ReadTables tables, long after, long upTo) =>
        Query
            .Replace(
                "{from}",
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"(select * from {tables[From]} where position > {after} and position <= {upTo} offset 0) as stretch"),
                StringComparison.Ordinal)
            .Replace("{condition}", "true", StringComparison.Ordinal);

    internal string Of(ReadTables tables, string condition) =>
        Query.Replace("{from}", tables[From], StringComparison.Ordinal).Replace("{condition}", condition, StringComparison.Ordinal);
}

/// <summary>The tables of one generation of a read model.</summary>
public sealed class ReadTables(string schema, string suffix)
{
    /// <summary>What readers see.</summary>
    public static ReadTables Served(ReadModel model) => new(Of(model), "");

    public static ReadTables Generation(ReadModel model, int generation) => new(Of(model), $"_g{generation}");

    /// <summary>Tables of the session that last as long as its transaction.</summary>
    public static ReadTables Scratch(string prefix) => new("pg_temp", "_" + prefix);

    /// <summary>The same tables in a schema of their own, for looking at.</summary>
    public static ReadTables In(string schema) => new(schema, "");

    /// <summary>The full name of a table.</summary>
    public string this[string table] => $"{schema}.{table}{suffix}";

    private static string Of(ReadModel model)
    {
        ArgumentNullException.ThrowIfNull(model);
        return model.Schema;
    }
}
