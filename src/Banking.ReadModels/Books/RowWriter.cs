using Banking.EventStore.Storage;
using Npgsql;
using NpgsqlTypes;

namespace Banking.ReadModels.Books;

/// <summary>Writes the rows of a page of events, in the transaction that also moves the position.</summary>
/// <param name="memory">The model's cache of earlier rows; null for tables that it has not written before.</param>
/// <param name="sums">Whether to update the sums too; a generation that is filled from the log gets its sums once, at the end.</param>
public sealed class RowWriter(NpgsqlConnection connection, bool sums, ReadModelCache? memory = null)
{
    private const int TimeoutSeconds = 120;

    public bool Sums { get; } = sums;

    /// <summary>The model's cache of its earlier rows.</summary>
    public ReadModelCache Memory { get; } = memory ?? new();

    /// <summary>Adds rows by COPY, by far the fastest way. A row that the table refuses fails the page.</summary>
    /// <param name="write">Writes the values of one row in the order of the columns.</param>
    public async Task AddAsync<TRow>(
        string table, string columns, IReadOnlyList<TRow> rows, Action<NpgsqlBinaryImporter, TRow> write, CancellationToken ct)
    {
        if (rows.Count == 0)
        {
            return;
        }

        await using var copy = await connection.BeginBinaryImportAsync($"copy {table} ({columns}) from stdin (format binary)", ct);
        foreach (var row in rows)
        {
            // The importer buffers values; awaiting each of them would cost more than writing them.
            copy.StartRow();
            write(copy, row);
        }

        await copy.CompleteAsync(ct);
    }

    /// <summary>Executes one statement over many rows. Each column is one array parameter: $1, $2 and so on.</summary>
    public Task ExecuteAsync(string sql, CancellationToken ct, params NpgsqlParameter[] columns) =>
        connection.ExecuteAsync(sql, columns, ct, TimeoutSeconds);

    /// <summary>Reads earlier rows from the tables.</summary>
    public async Task<Dictionary<TKey, TValue>> ReadAsync<TKey, TValue>(string sql, CancellationToken ct, params NpgsqlParameter[] columns)
        where TKey : notnull =>
        (await connection.ListAsync(
            sql,
            columns,
            row => (Key: row.GetFieldValue<TKey>(0), Value: row.GetFieldValue<TValue>(1)),
            ct,
            TimeoutSeconds)).ToDictionary();

    public static NpgsqlParameter Column<TRow, TValue>(IReadOnlyList<TRow> rows, NpgsqlDbType type, Func<TRow, TValue> value)
    {
        var values = new TValue[rows.Count];
        for (var i = 0; i < rows.Count; i++)
        {
            values[i] = value(rows[i]);
        }

        return new NpgsqlParameter<TValue[]> { TypedValue = values, NpgsqlDbType = NpgsqlDbType.Array | type };
    }
}
