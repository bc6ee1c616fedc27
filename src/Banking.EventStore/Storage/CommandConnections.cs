using Npgsql;

namespace Banking.EventStore.Storage;

/// <summary>
/// The connections that commands are stored over. Few, and kept for that: their statements stay prepared and PostgreSQL's own caches
/// warm, where a shared pool hands the work round all of its connections. Whoever looks at the server knows them by "-commands".
/// </summary>
public sealed class CommandConnections : IAsyncDisposable
{
    /// <summary>
    /// A lock held by a stuck neighbour must become an answer, not a hanging caller; and a host that dies silently in the middle of a
    /// transaction must not be such a neighbour for longer than this. Milliseconds.
    /// </summary>
    private const string Limits = "-c lock_timeout=5000 -c idle_in_transaction_session_timeout=15000";

    /// <summary>
    /// Commands find rows by their keys, always. A plan is kept with its statement, and one that was made while a table was small would
    /// read all of it until statistics are gathered again, a minute and many thousands of rows later. Compiling such statements never pays.
    /// </summary>
    private const string Plans = "-c enable_seqscan=off -c jit=off";

    private readonly NpgsqlDataSource _source;

    /// <param name="minConnections">Connections that are kept open: as many as groups run at once.</param>
    public CommandConnections(string connectionString, int maxConnections, int minConnections)
    {
        var settings = new NpgsqlConnectionStringBuilder(connectionString)
        {
            MaxPoolSize = maxConnections,
            // Whatever is remembered of the database is forgotten with each new connection, so those that are used are not given up.
            MinPoolSize = Math.Min(minConnections, maxConnections),
            // Nothing is ever set for a session here, so there is nothing to reset.
            NoResetOnClose = true,
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

    /// <summary>Told whenever PostgreSQL is connected to anew: it may have been restarted, or restored, since.</summary>
    public event Action? Connected;

    public ValueTask<NpgsqlConnection> OpenAsync() => _source.OpenConnectionAsync();

    public ValueTask DisposeAsync() => _source.DisposeAsync();
}
