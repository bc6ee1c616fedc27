using Banking.EmbeddedPostgres;
using Banking.Host.Database;
using Banking.Testing.Parts;
using Npgsql;

namespace Banking.Testing;

/// <summary>
/// One PostgreSQL cluster for a run of tests, by the component the host itself uses, and a database for whoever asks. A database is named
/// by the connection string of the host's role, which may do what a host does and no more.
/// </summary>
public static class TestCluster
{
    private const string Password = "test";

    private static readonly Lazy<Task<PostgresCluster>> Cluster = new(StartAsync);

    /// <summary>Roles are the whole cluster's: databases that are made at the same time get theirs one after the other.</summary>
    private static readonly SemaphoreSlim Roles = new(1, 1);
    private static int _databases;

    /// <summary>A database of its own, empty or a copy of another.</summary>
    public static async Task<string> NewDatabaseAsync(string? template = null)
    {
        var cluster = await Cluster.Value;
        var name = $"test_{Interlocked.Increment(ref _databases)}";
        await cluster.CreateDatabaseAsync(name, template);
        return await PrepareAsync(cluster, name);
    }

    /// <summary>Gives a database of any cluster the two roles, and answers the connection string of the host's.</summary>
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
    /// The same database as the role that owns its schema, for migrating it and for forging what the host's role must not touch.
    /// </summary>
    public static string Owner(string connectionString) => new NpgsqlConnectionStringBuilder(connectionString)
    {
        Username = DatabaseRoles.Owner,
        Password = Password,
    }.ConnectionString;

    /// <summary>The same database as the superuser of the cluster, for what concerns the server.</summary>
    public static async Task<string> SuperuserAsync(string connectionString) =>
        (await Cluster.Value).ConnectionString(new NpgsqlConnectionStringBuilder(connectionString).Database!);

    public static async Task DropAsync(string connectionString)
    {
        foreach (var known in (string[])[connectionString, Owner(connectionString)])
        {
            using var connection = new NpgsqlConnection(known);
            NpgsqlConnection.ClearPool(connection);
        }

        var name = new NpgsqlConnectionStringBuilder(connectionString).Database!;
        await (await Cluster.Value).DropDatabaseAsync(name);
    }

    /// <summary>Stops the cluster, if this run ever started it.</summary>
    public static async ValueTask StopAsync()
    {
        if (Cluster.IsValueCreated)
        {
            var cluster = await Cluster.Value;
            await cluster.DisposeAsync();
            Directory.Delete(Path.GetDirectoryName(cluster.DataFolder)!, recursive: true);
        }
    }

    private static async Task<PostgresCluster> StartAsync()
    {
        TestParts.Ensure();
        var folder = TestFolders.New("banking-tests-");
        return await PostgresCluster.StartAsync(new() { DataFolder = Path.Combine(folder.FullName, "postgres") });
    }
}
