using System.Security.Cryptography;
using Banking.EmbeddedPostgres;
using Banking.Host.Database;
using Banking.Host.Security;

namespace Banking.Host.Hosting;

/// <summary>The database of the bank: a configured one, or a private cluster that this class starts and stops.</summary>
internal sealed class BankDatabase(BankConnections connections, PostgresCluster? cluster, string? dataFolder) : IAsyncDisposable
{
    public const string Name = "banking";
    public const string OwnerName = "owner";
    public const string BinFolderSetting = "Banking:Postgres:BinFolder";

    public BankConnections Connections { get; } = connections;

    /// <summary>The data folder of the private cluster, which one host at a time uses. Null for a configured database.</summary>
    public string? DataFolder { get; } = dataFolder;

    /// <summary>The private cluster. Null for a configured database.</summary>
    public PostgresCluster? Cluster => cluster;

    /// <summary>One line for the operator: the database and the folder of its data.</summary>
    public string Description => cluster is null
        ? "as configured in ConnectionStrings:banking"
        : $"embedded {cluster.Version} on port {cluster.Port}, data in {cluster.DataFolder}";

    /// <exception cref="ConfigurationException">A connection string is malformed, or the owner's is the only one.</exception>
    public static void CheckConnections(IConfiguration configuration)
    {
        var (given, owner) = (configuration.GetConnectionString(Name), configuration.GetConnectionString(OwnerName));
        if (!string.IsNullOrWhiteSpace(given))
        {
            OwnerConnection.Check(given, Name);
        }

        if (!string.IsNullOrWhiteSpace(owner))
        {
            OwnerConnection.Check(owner, OwnerName);
            SettingRules.ThrowIfAny(string.IsNullOrWhiteSpace(given)
                ?
                [
                    $"ConnectionStrings:{OwnerName} needs ConnectionStrings:{Name}: the private PostgreSQL creates its own owner role.",
                ]
                : []);
        }
    }

    public static async Task<BankDatabase> OpenAsync(IConfiguration configuration, bool fresh, Action<string> report)
    {
        CheckConnections(configuration);
        if (configuration.GetConnectionString(Name) is { } given && !string.IsNullOrWhiteSpace(given))
        {
            return new(new(given, configuration.GetConnectionString(OwnerName)), null, null);
        }

        var cluster = await PostgresCluster.StartAsync(
            new()
            {
                DataFolder = Folder(configuration),
                BinFolder = configuration[BinFolderSetting],
                Fresh = fresh,
            },
            report);
        var dataFolder = SettingRules.DataFolder(configuration);
        if (fresh)
        {
            DevKeyFile.Delete(dataFolder);
            KeyRingFolder.Delete(dataFolder);
            BackupOptions.Delete(dataFolder);
            EpochStart.Delete(dataFolder);
        }

        await cluster.EnsureDatabaseAsync(Name);
        // New passwords for each start: no other program can know them.
        return new(
            await DatabaseRoles.PrepareAsync(cluster.ConnectionString(Name), CreatePassword(), CreatePassword()), cluster, dataFolder);
    }

    /// <summary>The folder of the private cluster.</summary>
    public static string Folder(IConfiguration configuration) => FolderIn(SettingRules.DataFolder(configuration));

    /// <summary>The folder of the private cluster in a data folder.</summary>
    public static string FolderIn(string dataFolder) => Path.Combine(dataFolder, "postgres");

    /// <summary>The key ring that a command uses with this database.</summary>
    public KeyRingFolder FindKeyRing(IConfiguration configuration) =>
        KeyRingFolder.Find(configuration, DataFolder);

    private static string CreatePassword() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(24));

    public ValueTask DisposeAsync() => cluster?.DisposeAsync() ?? ValueTask.CompletedTask;
}
