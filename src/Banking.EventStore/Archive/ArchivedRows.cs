using Banking.EventStore.Storage;
using Npgsql;

namespace Banking.EventStore.Archive;

/// <summary>A part of a stream, before it is in a file.</summary>
public sealed record StreamPart(Guid Stream, long FirstVersion, long LastVersion)
{
    public long Events => LastVersion - FirstVersion + 1;
}

/// <summary>Reads the rows of the log that go into a file, with all their columns.</summary>
internal static class ArchivedRows
{
    private const string Sql =
        $"""
        select e.seq_id, e.id, e.stream_id, s.type, e.version, e.type,
            to_char(e.timestamp at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), e.user_name, e.correlation_id, e.causation_id,
            e.tenant_id, e.mt_dotnet_type, e.data, e.headers
        from unnest($1, $2, $3) as p(stream, first, last)
        join {SchemaNames.Events}.mt_events e
            on e.stream_id = p.stream and e.version between p.first and p.last and not e.is_archived
        join {SchemaNames.Streams} s on s.id = e.stream_id
        order by e.seq_id
        """;

    /// <summary>Opens a reader of the rows of some parts, in the order of positions.</summary>
    public static async Task<NpgsqlDataReader> OpenAsync(
        NpgsqlConnection connection, IReadOnlyCollection<StreamPart> parts, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(Sql, connection) { CommandTimeout = 0 };
        command.Parameters.Add(new() { Value = parts.Select(p => p.Stream).ToArray() });
        command.Parameters.Add(new() { Value = parts.Select(p => p.FirstVersion).ToArray() });
        command.Parameters.Add(new() { Value = parts.Select(p => p.LastVersion).ToArray() });
        return await command.ExecuteReaderAsync(ct);
    }

    public static ArchivedEvent Read(NpgsqlDataReader row) => new(
        row.GetInt64(0),
        row.GetGuid(1),
        row.GetGuid(2),
        row.GetOrDefault<string>(3),
        row.GetInt64(4),
        row.GetString(5),
        row.GetString(6),
        row.GetOrDefault<string>(7),
        row.GetOrDefault<string>(8),
        row.GetOrDefault<string>(9),
        row.GetString(10),
        row.GetOrDefault<string>(11),
        row.GetFieldValue<byte[]>(12),
        row.IsDBNull(13) ? null : row.GetFieldValue<byte[]>(13));
}
