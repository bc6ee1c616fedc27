using Npgsql;

namespace Banking.EventStore.Storage;

/// <summary>
/// Connection pool for storing commands. It is small and used for nothing else, so that statements stay prepared and PostgreSQL's caches
/// warm. On the server its application name ends with "-commands".
/// </summary>
public sealed class CommandConnections : IAsyncDisposable
{
    /// <summary>
    /// A caller gets an answer when another session keeps a lock too long. A host that dies silently within a transaction keeps its locks
    /// no longer than this either. Milliseconds.
    /// </summary>
    private const string Limits = "-c lock_timeout=5000 -c idle_in_transaction_session_timeout=15000";

    /// <summary>
    /// Commands always find rows by their keys. A plan is cached with its statement: one made while a table was small would scan the whole
    /// table until statistics are gathered again, a minute and many thousands of rows later. JIT compilation never pays for such
    /// statements.
    /// </summary>
    private const string Plans = "-c enable_seqscan=off -c jit=off";

    private readonly NpgsqlDataSource _source;

    /// <param name="minConnections">Connections that are kept open: the maximum number of running groups.</param>
    public CommandConnections(string connectionString, int maxConnections, int minConnections)
    {
        var settings = new NpgsqlConnectionStringBuilder(connectionString)
        {
            MaxPoolSize = maxConnections,
            // Each new connection clears the state caches, so connections in use are kept open.
            MinPoolSize = Math.Min(minConnections, maxConnections),
        };
        settings.ApplicationName += "-commands";
        settings.Options = $"{settings.Options} {Limits} {Plans}".TrimStart();
        var builder = new NpgsqlDataSourceBuilder(settings.ConnectionString);
        builder.UsePhysicalConnectionInitializer(
            _ => Connected?.Invoke(),
            _ =>
            {
                Connected?.Invoke();
                return Task.CompletedTask;
            });
        _source = builder.Build();
    }

    /// <summary>Raised for each new connection to PostgreSQL: the server may have been restarted, or restored, since.</summary>
    public event Action? Connected;

    public ValueTask<NpgsqlConnection> OpenAsync() => _source.OpenConnectionAsync();

    public ValueTask DisposeAsync() => _source.DisposeAsync();
}
