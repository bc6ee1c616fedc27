using Banking.EmbeddedPostgres;
using Npgsql;

namespace Banking.Testing;

/// <summary>One PostgreSQL cluster for a run of tests, by the component the host itself uses, and a database for whoever asks.</summary>
public static class TestCluster
{
    private static readonly Lazy<Task<PostgresCluster>> Cluster = new(StartAsync);
    private static int _databases;

    /// <summary>A database of its own, empty or a copy of another.</summary>
    public static async Task<string> NewDatabaseAsync(string? template = null)
    {
        var cluster = await Cluster.Value;
        var name = $"test_{Interlocked.Increment(ref _databases)}";
        await cluster.CreateDatabaseAsync(name, template);
        return cluster.ConnectionString(name);
    }

    public static async Task DropAsync(string connectionString)
    {
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
        var folder = TestFolders.New("banking-tests-");
        return await PostgresCluster.StartAsync(new() { DataFolder = Path.Combine(folder.FullName, "postgres") });
    }
}
