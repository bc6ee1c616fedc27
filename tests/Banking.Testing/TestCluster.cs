using Banking.EmbeddedPostgres;
using Banking.Host.Database;
using Banking.Testing.Parts;
using Npgsql;

namespace Banking.Testing;

/// <summary>
/// One PostgreSQL cluster per test process, started with the component that the host uses; each caller gets its own database. A database
/// is identified by the connection string of the host's role, which has only the rights of a host.
/// </summary>
public static class TestCluster
{
    private const string Password = "test";

    private static readonly Lazy<Task<PostgresCluster>> Cluster = new(StartAsync);

    /// <summary>Roles belong to the whole cluster: databases created concurrently prepare them one at a time.</summary>
    private static readonly SemaphoreSlim Roles = new(1, 1);
    private static int _databases;

    static TestCluster() => _ = TestKeys.Folder;

    /// <summary>Creates a database, empty or as a copy of another one.</summary>
    public static async Task<string> NewDatabaseAsync(string? template = null) => await NewDatabaseAsync(await Cluster.Value, template);

    /// <summary>Creates a database in any cluster, empty or as a copy of another one of that cluster.</summary>
    public static async Task<string> NewDatabaseAsync(PostgresCluster cluster, string? template = null)
    {
        ArgumentNullException.ThrowIfNull(cluster);
        var name = $"test_{Interlocked.Increment(ref _databases)}";
        await cluster.CreateDatabaseAsync(name, template);
        var connectionString = await PrepareAsync(cluster, name);
        if (template is not null)
        {
            await BecomeAnotherLogAsync(cluster.ConnectionString(name));
        }

        return connectionString;
    }

    /// <summary>Creates the two roles for a database of any cluster, and returns the connection string of the host's role.</summary>
    public static async Task<string> PrepareAsync(PostgresCluster cluster, string database)
    {
        await Roles.WaitAsync();
        try
        {
            return (await DatabaseRoles.PrepareAsync(cluster.ConnectionString(database), Password, Password)).Host;
        }
        finally
        {
            Roles.Release();
        }
    }

    /// <summary>
    /// The connection string of the schema owner for the same database: for migration, and for forging rows that the host's role has no
    /// right to change.
    /// </summary>
    public static string Owner(string connectionString) => new NpgsqlConnectionStringBuilder(connectionString)
    {
        Username = DatabaseRoles.Owner,
        Password = Password,
    }.ConnectionString;

    /// <summary>The connection string of the superuser for the same database, for settings of the server.</summary>
    public static async Task<string> SuperuserAsync(string connectionString) =>
        (await Cluster.Value).ConnectionString(new NpgsqlConnectionStringBuilder(connectionString).Database!);

    /// <summary>Makes a database unreachable by new connections and ends the present ones, or makes it reachable again.</summary>
    public static async Task AllowConnectionsAsync(string connectionString, bool allowed)
    {
        var database = new NpgsqlConnectionStringBuilder(connectionString).Database!;
        await using var connection = new NpgsqlConnection((await Cluster.Value).ConnectionString("postgres"));
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(
            $"alter database \"{database}\" allow_connections {allowed}; "
                + $"select pg_terminate_backend(pid) from pg_stat_activity where datname = '{database}'",
            connection);
        await command.ExecuteNonQueryAsync();
    }

    public static async Task DropAsync(string connectionString)
    {
        foreach (var role in (string[])[connectionString, Owner(connectionString)])
        {
            using var connection = new NpgsqlConnection(role);
            NpgsqlConnection.ClearPool(connection);
        }

        var name = new NpgsqlConnectionStringBuilder(connectionString).Database!;
        await (await Cluster.Value).DropDatabaseAsync(name);
    }

    /// <summary>Stops the cluster, if this process started it, and deletes the folders of all tests.</summary>
    public static async ValueTask StopAsync()
    {
        if (Cluster.IsValueCreated)
        {
            await (await Cluster.Value).DisposeAsync();
        }

        TestFolders.DeleteAll();
    }

    /// <summary>A copy must not be taken for a restore of its template: hosts share the folder of what is known of each log.</summary>
    private static async Task BecomeAnotherLogAsync(string superuser)
    {
        // In a pool the connection would stay open: tests end those of hosts, and may not end this one.
        await using var connection = new NpgsqlConnection(superuser + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand("update platform.log_epoch set id = gen_random_uuid()", connection);
        await command.ExecuteNonQueryAsync();
    }

    private static async Task<PostgresCluster> StartAsync()
    {
        TestParts.Ensure();
        var folder = TestFolders.New("banking-tests-");
        return await PostgresCluster.StartAsync(
            new()
            {
                DataFolder = Path.Combine(folder.FullName, "postgres"),
                // Each test database is a copy that is logged page by page: compressing these pages costs more than writing them.
                // It lives for seconds: vacuuming and analyzing it is of no use.
                Parameters = new Dictionary<string, string> { ["wal_compression"] = "off", ["autovacuum"] = "off" },
            });
    }
}
