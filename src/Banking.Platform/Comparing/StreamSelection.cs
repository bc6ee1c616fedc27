using Npgsql;
using NpgsqlTypes;

namespace Banking.Platform.Comparing;

/// <summary>Streams by their ids: some, or all in a range, whether or not each of them exists. The parameters $1 and $2 of a command belong to it.</summary>
public sealed record StreamSelection
{
    private readonly Guid[]? _ids;
    private readonly Guid _after;
    private readonly Guid _upTo;

    private StreamSelection(Guid[]? ids, Guid after, Guid upTo) => (_ids, _after, _upTo) = (ids, after, upTo);

    public static StreamSelection Of(params Guid[] ids) => new(ids, Guid.Empty, Guid.Empty);

    /// <param name="after">Not included.</param>
    /// <param name="upTo">Included.</param>
    public static StreamSelection Between(Guid after, Guid upTo) => new(null, after, upTo);

    /// <summary>The condition that a column holds one of them.</summary>
    public string On(string column) => _ids is null ? $"({column} > $1 and {column} <= $2)" : $"({column} = any($1) and $2::uuid is null)";

    /// <summary>A command whose $1 and $2 are this selection, and $3 and on the other values.</summary>
    public NpgsqlCommand Command(NpgsqlConnection connection, string sql, params ReadOnlySpan<object?> others)
    {
        var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
        if (_ids is null)
        {
            command.Parameters.Add(new() { Value = _after });
            command.Parameters.Add(new() { Value = _upTo });
        }
        else
        {
            command.Parameters.Add(new() { Value = _ids, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Uuid });
            command.Parameters.Add(new() { Value = DBNull.Value, NpgsqlDbType = NpgsqlDbType.Uuid });
        }

        foreach (var value in others)
        {
            command.Parameters.Add(new() { Value = value ?? DBNull.Value });
        }

        return command;
    }
}
