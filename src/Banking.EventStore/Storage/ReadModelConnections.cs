using Npgsql;

namespace Banking.EventStore.Storage;

/// <summary>
/// The connections that the log is followed over, by read models and ways out, and read models are written over. Rows are found by their
/// keys, always: a plan made on a young table would read all of it long after. A statement takes one processor, for all of this can wait
/// and commands cannot. Nothing waits for the disk: rows and position are lost together, if at all, and made again from the log.
/// </summary>
public sealed class ReadModelConnections : IAsyncDisposable
{
    private const string Settings =
        "-c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off -c jit=off -c max_parallel_workers_per_gather=0 -c max_parallel_maintenance_workers=0 -c synchronous_commit=off -c idle_in_transaction_session_timeout=60000";

    private readonly NpgsqlDataSource _source;

    public ReadModelConnections(string connectionString, int maxConnections)
    {
        var settings = new NpgsqlConnectionStringBuilder(connectionString);
        settings.ApplicationName += "-read-models";
        settings.Options = string.IsNullOrEmpty(settings.Options) ? Settings : $"{settings.Options} {Settings}";
        // A rebuild holds a model's lock while it asks for further connections, and whoever waits for that lock has one too: too few of
        // them would wait for each other. A model never uses more than ten, rebuild, feed and catching up together.
        settings.MaxPoolSize = maxConnections;
        _source = new NpgsqlDataSourceBuilder(settings.ConnectionString).Build();
    }

    /// <summary>For Marten's daemon, which opens its own connections.</summary>
    internal NpgsqlDataSource Source => _source;

    public ValueTask<NpgsqlConnection> OpenAsync(CancellationToken ct) => _source.OpenConnectionAsync(ct);

    public ValueTask DisposeAsync() => _source.DisposeAsync();
}
