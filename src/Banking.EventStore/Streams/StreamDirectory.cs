using Banking.EventStore.Storage;
using Npgsql;

namespace Banking.EventStore.Streams;

/// <summary>Checks whether a stream of a type exists. Always asks the database: a restore in place may have removed the stream.</summary>
public sealed class StreamDirectory(NpgsqlDataSource source)
{
    public Task<bool> ExistsAsync(Guid id, string type, CancellationToken ct) => source.ScalarAsync<bool>(
        $"select exists (select from {SchemaNames.Streams} where id = $1 and type = $2)", [id, type], ct);
}
