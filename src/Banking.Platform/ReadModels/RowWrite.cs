using Npgsql;
using NpgsqlTypes;

namespace Banking.Platform.ReadModels;

/// <summary>One statement over many rows, each column of them one array parameter: $1, $2 … in the order in which they are added.</summary>
public sealed class RowWrite(string sql)
{
    private readonly List<NpgsqlParameter> _parameters = [];

    public string Sql { get; } = sql;

    public RowWrite Column<TRow, TValue>(IReadOnlyList<TRow> rows, NpgsqlDbType type, Func<TRow, TValue> value)
    {
        ArgumentNullException.ThrowIfNull(rows);
        ArgumentNullException.ThrowIfNull(value);
        var values = new TValue[rows.Count];
        for (var i = 0; i < rows.Count; i++)
        {
            values[i] = value(rows[i]);
        }

        _parameters.Add(new NpgsqlParameter<TValue[]> { TypedValue = values, NpgsqlDbType = NpgsqlDbType.Array | type });
        return this;
    }

    internal NpgsqlBatchCommand ToCommand()
    {
        var command = new NpgsqlBatchCommand(Sql);
        foreach (var parameter in _parameters)
        {
            command.Parameters.Add(parameter);
        }

        return command;
    }
}
