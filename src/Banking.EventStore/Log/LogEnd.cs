using Banking.EventStore.Storage;
using Npgsql;

namespace Banking.EventStore.Log;

/// <summary>Reads the position of the last committed event. This log has not assigned any position beyond it.</summary>
public sealed class LogEnd(NpgsqlDataSource source)
{
    public Task<long> ReadAsync(CancellationToken ct) =>
        source.ScalarAsync<long>($"select coalesce(max(seq_id), 0) from {SchemaNames.Events}.mt_events", [], ct);
}
