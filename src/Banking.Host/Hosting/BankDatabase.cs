using System.Security.Cryptography;
using Banking.EmbeddedPostgres;
using Banking.Host.Database;

namespace Banking.Host.Hosting;

/// <summary>The database the bank runs on: the one it is given, or a private cluster that it starts and stops.</summary>
internal sealed class BankDatabase(BankConnections connections, PostgresCluster? cluster) : IAsyncDisposable
{
    public const string Name = "banking";
    public const string OwnerName = "owner";

    public BankConnections Connections { get; } = connections;

    /// <summary>One line for people: which database, where its data is.</summary>
    public string Description => cluster is null
        ? "as configured in ConnectionStrings:banking"
        : $"embedded {cluster.Version} on port {cluster.Port}, data in {cluster.DataFolder}";

    public static async Task<BankDatabase> OpenAsync(IConfiguration configuration, bool fresh, Action<string> say)
    {
        if (configuration.GetConnectionString(Name) is { } given && !string.IsNullOrWhiteSpace(given))
        {
            var owner = configuration.GetConnectionString(OwnerName);
            OwnerConnection.Check(given, Name);
            if (!string.IsNullOrWhiteSpace(owner))
            {
                OwnerConnection.Check(owner, OwnerName);
            }

            return new(new(given, owner), null);
        }

        if (!string.IsNullOrWhiteSpace(configuration.GetConnectionString(OwnerName)))
        {
            throw new ConfigurationException(
                $"ConnectionStrings:{OwnerName} is of no use without ConnectionStrings:{Name}: the private PostgreSQL has an owner of its own."
            );
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
        // Passwords that last as long as this server: nobody else is to come in with them.
        return new(await DatabaseRoles.PrepareAsync(cluster.ConnectionString(Name), NewPassword(), NewPassword()), cluster);
    }

    /// <summary>Where the private cluster lives.</summary>
    public static string Folder(IConfiguration configuration) =>
        Path.GetFullPath(Path.Combine(configuration["Banking:DataFolder"] ?? ".banking", "postgres"));

    private static string NewPassword() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(24));

    public ValueTask DisposeAsync() => cluster?.DisposeAsync() ?? ValueTask.CompletedTask;
}
