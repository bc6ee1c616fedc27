using Banking.EventStore.Storage;
using Npgsql;

namespace Banking.EventStore.Log;

/// <summary>The position of the last committed event: what is asked for beyond it was never given out by this log.</summary>
public sealed class LogEnd(NpgsqlDataSource source)
{
    public async Task<long> ReadAsync(CancellationToken ct)
    {
        await using var command = source.CreateCommand($"select coalesce(max(seq_id), 0) from {SchemaNames.Events}.mt_events");
        return (long)(await command.ExecuteScalarAsync(ct))!;
    }
}
