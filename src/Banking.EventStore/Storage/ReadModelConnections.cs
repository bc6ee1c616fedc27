using Npgsql;

namespace Banking.EventStore.Storage;

/// <summary>
/// Connection pool for reading the event log and writing read models. Plans always find rows by their keys: one made on a small table would
/// scan the whole table later. Statements are not parallel, because this work can wait and commands cannot. Commits do not wait for the
/// disk: rows and position are lost together, if at all, and are made again from the log.
/// </summary>
public sealed class ReadModelConnections : IAsyncDisposable
{
    private const string Settings =
        "-c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off -c jit=off -c max_parallel_workers_per_gather=0 "
        + "-c max_parallel_maintenance_workers=0 -c synchronous_commit=off -c idle_in_transaction_session_timeout=60000";

    private readonly NpgsqlDataSource _source;

    public ReadModelConnections(string connectionString, int maxConnections)
    {
        var settings = new NpgsqlConnectionStringBuilder(connectionString);
        settings.ApplicationName += "-read-models";
        settings.Options = string.IsNullOrEmpty(settings.Options) ? Settings : $"{settings.Options} {Settings}";
        // A rebuild holds the lock of a read model while it opens further connections, and each waiter for that lock has a connection too:
        // in a pool that is too small they would deadlock. A read model uses at most ten connections for rebuild, feed and catch-up
        // together.
        settings.MaxPoolSize = maxConnections;
        _source = new NpgsqlDataSourceBuilder(settings.ConnectionString).Build();
    }

    /// <summary>For Marten's daemon, which opens its own connections.</summary>
    internal NpgsqlDataSource Source => _source;

    public ValueTask<NpgsqlConnection> OpenAsync(CancellationToken ct) => _source.OpenConnectionAsync(ct);

    public ValueTask DisposeAsync() => _source.DisposeAsync();
}
