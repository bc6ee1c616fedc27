using Banking.EventStore.Storage;
using Npgsql;

namespace Banking.EventStore.Streams;

/// <summary>The types of streams. Always asks the database: a restore in place may have removed a stream.</summary>
public sealed class StreamDirectory(NpgsqlDataSource source)
{
    public Task<bool> ExistsAsync(Guid id, string type, CancellationToken ct) => source.ScalarAsync<bool>(
        $"select exists (select from {SchemaNames.Streams} where id = $1 and type = $2)", [id, type], ct);

    /// <summary>The types of these streams; those that do not exist, or have none, are left out.</summary>
    public static async Task<IReadOnlyDictionary<Guid, string>> TypesOfAsync(
        NpgsqlConnection connection, IEnumerable<Guid> ids, CancellationToken ct) => (await connection.ListAsync(
        $"select id, type from {SchemaNames.Streams} where id = any($1) and type is not null",
        [ids.Distinct().ToArray()],
        row => (row.GetGuid(0), row.GetString(1)),
        ct)).ToDictionary();
}
