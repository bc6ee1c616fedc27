using System.Security.Cryptography;
using System.Text;

namespace Banking.EmbeddedPostgres;

/// <summary>
/// The folder with the cluster, its password and its log. It is the data folder, with one exception. A root host's cluster runs as
/// another user, who cannot enter a data folder below a private home such as /root (mode 0700), and opening that home to everybody is
/// not ours to do. Then the cluster lives below <see cref="SharedRoot"/> and the data folder holds a file that says where. Not in
/// /var/tmp: it is cleaned by age, which takes files out of a living cluster, and there anybody could have made the folder first.
/// </summary>
internal sealed class ClusterHome
{
    public const string SharedRoot = "/var/lib/banking-postgres";

    private ClusterHome(string dataFolder, string folder, Launcher launcher) =>
        (DataFolder, Folder, Launcher) = (dataFolder, folder, launcher);

    public string DataFolder { get; }

    public string Folder { get; }

    public Launcher Launcher { get; }

    public bool IsElsewhere => Folder != DataFolder;

    /// <summary>The data folder did not know of this home: it was deleted by hand, and the cluster it held goes with it.</summary>
    public bool IsOrphaned { get; private init; }

    public string Cluster => Path.Combine(Folder, "data");

    public string Unfinished => Path.Combine(Folder, "data.new");

    public string PasswordFile => Path.Combine(Cluster, "banking.password");

    public ServerLog Log => new(Path.Combine(Folder, "server.log"));

    /// <summary>The major version that made the cluster; null when there is none.</summary>
    public int? ClusterMajor => File.Exists(VersionFile) && int.TryParse(File.ReadAllText(VersionFile), out var major) ? major : null;

    private string VersionFile => Path.Combine(Cluster, "PG_VERSION");

    public static async Task<ClusterHome> ResolveAsync(string dataFolder, CancellationToken ct)
    {
        var pointer = Pointer(dataFolder);
        var folder = File.Exists(pointer) ? (await File.ReadAllTextAsync(pointer, ct)).Trim() : dataFolder;
        var home = await AtAsync(folder);
        if (home.IsElsewhere || home.Launcher.Account is null || await IsReachableAsync(folder, home.Launcher, ct))
        {
            Directory.CreateDirectory(folder);
            return home;
        }

        folder = Path.Combine(SharedRoot, Name(dataFolder));
        var orphaned = Directory.Exists(folder);
        CreateEnterable(SharedRoot);
        CreateEnterable(folder);
        await File.WriteAllTextAsync(pointer, folder + "\n", ct);
        home = await AtAsync(folder, orphaned);
        if (!await IsReachableAsync(folder, home.Launcher, ct))
        {
            throw new PostgresUnavailableException(
                $"""
                The host runs as root and PostgreSQL as {home.Launcher.Account!.Name}, who may enter neither {dataFolder} nor {folder}.
                Set Banking:DataFolder to a folder whose parents everybody may enter, or start the host as an ordinary user.
                """);
        }

        return home;

        async Task<ClusterHome> AtAsync(string place, bool orphaned = false) =>
            new(dataFolder, place, await Launcher.ForAsync(await ServerAccount.ForAsync(Path.Combine(place, "data"), ct), ct))
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
    }

    private static string Pointer(string dataFolder) => Path.Combine(dataFolder, "cluster.location");

    // Whatever the umask says. What is private in there has its own mode.
    private static void CreateEnterable(string folder)
    {
        Directory.CreateDirectory(folder);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(folder, (UnixFileMode)0b111_101_101);
        }
    }

    // Asked of the account itself: modes alone do not tell about access lists and mounts.
    private static async Task<bool> IsReachableAsync(string folder, Launcher launcher, CancellationToken ct) =>
        (await Command.RunAsync(launcher.Tool(["/bin/sh", "-c", "cd \"$0\"", folder]), TimeSpan.FromSeconds(10), ct)).Succeeded;

    private static string Name(string dataFolder) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(dataFolder)))[..16];
}
