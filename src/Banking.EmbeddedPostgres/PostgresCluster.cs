using System.Globalization;
using Npgsql;

namespace Banking.EmbeddedPostgres;

/// <summary>A private PostgreSQL that lives as long as this object and keeps its data for the next one.</summary>
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
        AppDomain.CurrentDomain.ProcessExit += EndWithTheHost;
        _ = ReportUnexpectedEndAsync(log);
    }

    /// <summary>The loopback port; another one at each start, unless the settings name it.</summary>
    public int Port => server.Port;

    /// <summary>The data folder from the settings, as an absolute path.</summary>
    public string DataFolder => Home.DataFolder;

    /// <summary>The version of the binaries, such as 15.18.</summary>
    public string Version => binaries.Version;

    /// <summary>The process number of the postmaster.</summary>
    public int ProcessId => server.ProcessId;

    internal ClusterHome Home { get; }

    /// <summary>Starts the cluster in the folder, making it if there is none; throws <see cref="PostgresUnavailableException"/>.</summary>
    public static Task<PostgresCluster> StartAsync(PostgresSettings settings, Action<string>? log = null, CancellationToken ct = default)
    {
        ArgumentNullException.ThrowIfNull(settings);
        return ClusterStart.RunAsync(settings, log ?? (_ => { }), ct);
    }

    /// <summary>For Npgsql, as superuser "bank"; the database need not exist yet.</summary>
    public string ConnectionString(string database) => new NpgsqlConnectionStringBuilder
    {
        Host = "127.0.0.1",
        Port = Port,
        Username = ClusterInitializer.SuperUser,
        Password = password,
        Database = database,
        // Nothing to negotiate on the loopback.
        SslMode = SslMode.Disable,
        GssEncryptionMode = GssEncryptionMode.Disable,
    }.ConnectionString;

    /// <summary>Makes the database unless it exists.</summary>
    public Task EnsureDatabaseAsync(string database, CancellationToken ct = default) =>
        Databases.EnsureAsync(ConnectionString, database, ct);

    /// <summary>Makes the database, as a copy of the template if one is named; nobody may be connected to the template.</summary>
    public Task CreateDatabaseAsync(string database, string? template = null, CancellationToken ct = default) =>
        Databases.CreateAsync(ConnectionString, database, template, ct);

    /// <summary>Drops the database if it exists and ends its connections.</summary>
    public Task DropDatabaseAsync(string database, CancellationToken ct = default) => Databases.DropAsync(ConnectionString, database, ct);

    /// <summary>Ends the server with a fast shutdown and waits for it; harder means follow if it does not end.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref disposed, 1) != 0)
        {
            return;
        }

        AppDomain.CurrentDomain.ProcessExit -= EndWithTheHost;
        if (!server.Process.HasEnded)
        {
            await ServerProcesses.StopAsync(ProcessId, () => server.Process.HasEnded, binaries, Home.Cluster);
        }

        foreach (var held in locks)
        {
            held.Dispose();
        }
    }

    // A host that ends without disposing, where no death signal does this.
    private void EndWithTheHost(object? sender, EventArgs e) => DisposeAsync().AsTask().Wait(ServerProcesses.FastShutdown);

    private async Task ReportUnexpectedEndAsync(Action<string> log)
    {
        var exitCode = await server.Process.Ended;
        if (Volatile.Read(ref disposed) == 0)
        {
            log(string.Create(CultureInfo.InvariantCulture, $"PostgreSQL ended unexpectedly with code {exitCode}; see {Home.Log.File}."));
        }
    }
}
