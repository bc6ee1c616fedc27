using System.Globalization;
using Npgsql;

namespace Banking.EmbeddedPostgres;

/// <summary>A private PostgreSQL server. It runs until this object is disposed, and its data stays for the next start.</summary>
public sealed class PostgresCluster : IAsyncDisposable
{
    private readonly IReadOnlyList<FolderLock> locks;
    private readonly PostgresBinaries binaries;
    private readonly RunningServer server;
    private readonly string password;
    private int disposed;

    internal PostgresCluster(
        ClusterHome home,
        IReadOnlyList<FolderLock> locks,
        PostgresBinaries binaries,
        RunningServer server,
        string password,
        Action<string> log)
    {
        (Home, this.locks, this.binaries, this.server, this.password) = (home, locks, binaries, server, password);
        AppDomain.CurrentDomain.ProcessExit += StopWithHost;
        _ = ReportUnexpectedEndAsync(log);
    }

    /// <summary>The loopback port. A different one at each start, unless the settings give it.</summary>
    public int Port => server.Port;

    /// <summary>The data folder from the settings, as an absolute path.</summary>
    public string DataFolder => Home.DataFolder;

    /// <summary>The version of the binaries, such as 15.18.</summary>
    public string Version => binaries.Version;

    /// <summary>The process id of the postmaster.</summary>
    public int ProcessId => server.ProcessId;

    internal ClusterHome Home { get; }

    /// <summary>Starts the cluster in the folder, and creates it if there is none.</summary>
    /// <exception cref="PostgresUnavailableException">The cluster cannot be created or started.</exception>
    public static Task<PostgresCluster> StartAsync(PostgresSettings settings, Action<string>? log = null, CancellationToken ct = default)
    {
        return ClusterStart.RunAsync(settings, log ?? (_ => { }), ct);
    }

    /// <summary>A connection string for Npgsql with the superuser "bank". The database need not exist.</summary>
    public string ConnectionString(string database) => new NpgsqlConnectionStringBuilder
    {
        Host = "127.0.0.1",
        Port = Port,
        Username = ClusterInitializer.SuperUser,
        Password = password,
        Database = database,
        // Loopback connections need no encryption.
        SslMode = SslMode.Disable,
        GssEncryptionMode = GssEncryptionMode.Disable,
    }.ConnectionString;

    /// <summary>Opens a connection of its own as the superuser, not from a pool.</summary>
    internal async Task<NpgsqlConnection> OpenAsync(string database, CancellationToken ct)
    {
        var connection = new NpgsqlConnection(
            new NpgsqlConnectionStringBuilder(ConnectionString(database)) { Pooling = false, ApplicationName = "banking-backup" }
                .ConnectionString);
        await connection.OpenAsync(ct);
        return connection;
    }

    /// <summary>Creates the database unless it exists.</summary>
    public Task EnsureDatabaseAsync(string database, CancellationToken ct = default) =>
        Databases.EnsureAsync(ConnectionString, database, ct);

    /// <summary>Creates the database, as a copy of the template if one is given. The template must have no other connections.</summary>
    public Task CreateDatabaseAsync(string database, string? template = null, CancellationToken ct = default) =>
        Databases.CreateAsync(ConnectionString, database, template, ct);

    /// <summary>Drops the database if it exists, and terminates its connections.</summary>
    public Task DropDatabaseAsync(string database, CancellationToken ct = default) => Databases.DropAsync(ConnectionString, database, ct);

    /// <summary>Stops the server with a fast shutdown, then with an immediate one, then by a kill.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref disposed, 1) != 0)
        {
            return;
        }

        AppDomain.CurrentDomain.ProcessExit -= StopWithHost;
        if (!server.Process.HasEnded)
        {
            await ServerProcesses.StopAsync(ProcessId, () => server.Process.HasEnded, binaries, Home.Cluster);
        }

        foreach (var held in locks)
        {
            held.Dispose();
        }
    }

    // For a host that ends without disposing, on systems without a death signal.
    private void StopWithHost(object? sender, EventArgs e) => DisposeAsync().AsTask().Wait(ServerProcesses.FastShutdown);

    private async Task ReportUnexpectedEndAsync(Action<string> log)
    {
        var exitCode = await server.Process.Ended;
        if (Volatile.Read(ref disposed) == 0)
        {
            log(string.Create(CultureInfo.InvariantCulture, $"PostgreSQL ended unexpectedly with code {exitCode}; see {Home.Log.File}."));
        }
    }
}
