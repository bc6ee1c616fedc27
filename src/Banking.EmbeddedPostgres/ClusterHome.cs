using System.Security.Cryptography;
using System.Text;

namespace Banking.EmbeddedPostgres;

/// <summary>
/// The folder with the cluster, its password and its log. It is usually the data folder.
/// <para>The exception: the cluster of a root host runs as another user. That user cannot enter a data folder below a private home such as
/// /root (mode 0700), and the bank must not open that home. Then the cluster is below <see cref="SharedRoot"/>, and a file in the data
/// folder has its path.</para>
/// <para>/var/tmp is not suitable: the system deletes old files there, and any user could have created the folder first.</para>
/// </summary>
internal sealed class ClusterHome
{
    public const string SharedRoot = "/var/lib/banking-postgres";

    private ClusterHome(string dataFolder, string folder, Launcher launcher) =>
        (DataFolder, Folder, Launcher) = (dataFolder, folder, launcher);

    public string DataFolder { get; }

    public string Folder { get; }

    public Launcher Launcher { get; }

    public bool IsRelocated => Folder != DataFolder;

    /// <summary>The data folder has no path to this home, because it was deleted by hand. The old cluster is wiped too.</summary>
    public bool IsOrphaned { get; private init; }

    public string Cluster => Path.Combine(Folder, "data");

    public string Unfinished => Path.Combine(Folder, "data.new");

    public string PasswordFile => Path.Combine(Cluster, "banking.password");

    /// <summary>
    /// Exists from the beginning of a restore until all of its log is replayed. It lies in the data folder, so that it is found and deleted
    /// together with the folder.
    /// </summary>
    public string UnfinishedRestore => Path.Combine(DataFolder, "restore.unfinished");

    public ServerLog Log => new(Path.Combine(Folder, "server.log"));

    /// <summary>The major version that created the cluster. Null if there is no cluster.</summary>
    public int? ClusterMajor => File.Exists(VersionFile) && int.TryParse(File.ReadAllText(VersionFile), out var major) ? major : null;

    private string VersionFile => Path.Combine(Cluster, "PG_VERSION");

    /// <summary>The folder with the cluster of a data folder, as far as it is known yet.</summary>
    public static string FolderOf(string dataFolder) =>
        File.Exists(Pointer(dataFolder)) ? File.ReadAllText(Pointer(dataFolder)).Trim() : dataFolder;

    public static async Task<ClusterHome> ResolveAsync(string dataFolder, CancellationToken ct)
    {
        var folder = FolderOf(dataFolder);
        var home = await AtAsync(folder);
        if (home.IsRelocated || home.Launcher.Account is null || await IsReachableAsync(folder, home.Launcher, ct))
        {
            Directory.CreateDirectory(folder);
            return home;
        }

        folder = Path.Combine(SharedRoot, Name(dataFolder));
        var orphaned = Directory.Exists(folder);
        CreateEnterable(SharedRoot);
        CreateEnterable(folder);
        await File.WriteAllTextAsync(Pointer(dataFolder), folder + "\n", ct);
        home = await AtAsync(folder, orphaned);
        if (!await IsReachableAsync(folder, home.Launcher, ct))
        {
            throw new PostgresUnavailableException(
                $"""
                The host runs as root and PostgreSQL as {home.Launcher.Account!.Name}, which can enter neither {dataFolder} nor {folder}.
                Set Banking:DataFolder to a folder whose parents all users can enter, or start the host as an ordinary user.
                """);
        }

        return home;

        async Task<ClusterHome> AtAsync(string place, bool orphaned = false) =>
            new(dataFolder, place, await Launcher.ForAsync(await ServerAccount.ChooseAsync(Path.Combine(place, "data"), ct), ct))
            {
                IsOrphaned = orphaned,
            };
    }

    public void Wipe()
    {
        foreach (var folder in new[] { Cluster, Unfinished }.Where(Directory.Exists))
        {
            Directory.Delete(folder, recursive: true);
        }

        File.Delete(Log.File);
        File.Delete(UnfinishedRestore);
    }

    private static string Pointer(string dataFolder) => Path.Combine(dataFolder, "cluster.location");

    // Sets the mode explicitly, because the umask could remove rights. Private files in the folder have their own mode.
    private static void CreateEnterable(string folder)
    {
        Directory.CreateDirectory(folder);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(folder, (UnixFileMode)0b111_101_101);
        }
    }

    // The account itself tries to enter the folder, because file modes do not show access lists and mounts.
    private static async Task<bool> IsReachableAsync(string folder, Launcher launcher, CancellationToken ct) =>
        (await Command.RunAsync(launcher.WrapTool(["/bin/sh", "-c", "cd \"$0\"", folder]), TimeSpan.FromSeconds(10), ct)).Succeeded;

    private static string Name(string dataFolder) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(dataFolder)))[..16];
}
