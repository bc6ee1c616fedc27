using Marten;
using Npgsql;

namespace Banking.EventStore.Streams;

/// <summary>Checks whether a stream of a type exists. Always asks the database: a restore in place may have removed the stream.</summary>
public sealed class StreamDirectory(NpgsqlDataSource source, IDocumentStore store)
{
    public async Task<bool> ExistsAsync(Guid id, string type, CancellationToken ct)
    {
        await using var command = source.CreateCommand(
            $"select exists (select from {store.Options.Events.DatabaseSchemaName}.mt_streams where id = $1 and type = $2)");
        command.Parameters.Add(new() { Value = id });
        command.Parameters.Add(new() { Value = type });
        return (bool)(await command.ExecuteScalarAsync(ct))!;
    }
}
