using Banking.EmbeddedPostgres;

namespace Banking.Host.Hosting;

/// <summary>The database the bank runs on: the one it is given, or a private cluster that it starts and stops.</summary>
internal sealed class BankDatabase(string connectionString, PostgresCluster? cluster) : IAsyncDisposable
{
    public const string Name = "banking";

    public string ConnectionString { get; } = connectionString;

    /// <summary>One line for people: which database, where its data is.</summary>
    public string Description => cluster is null
        ? "as configured in ConnectionStrings:banking"
        : $"embedded {cluster.Version} on port {cluster.Port}, data in {cluster.DataFolder}";

    public static async Task<BankDatabase> OpenAsync(IConfiguration configuration, bool fresh, Action<string> say)
    {
        if (configuration.GetConnectionString(Name) is { Length: > 0 } given)
        {
            return new(given, null);
        }

        var cluster = await PostgresCluster.StartAsync(
            new()
            {
                DataFolder = Folder(configuration),
                BinFolder = configuration["Banking:Postgres:BinFolder"],
                Fresh = fresh,
            },
            say);
        await cluster.EnsureDatabaseAsync(Name);
        return new(cluster.ConnectionString(Name), cluster);
    }

    /// <summary>Where the private cluster lives.</summary>
    public static string Folder(IConfiguration configuration) =>
        Path.GetFullPath(Path.Combine(configuration["Banking:DataFolder"] ?? ".banking", "postgres"));

    public ValueTask DisposeAsync() => cluster?.DisposeAsync() ?? ValueTask.CompletedTask;
}
