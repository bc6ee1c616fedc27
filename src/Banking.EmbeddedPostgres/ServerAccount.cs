using System.Globalization;

namespace Banking.EmbeddedPostgres;

/// <summary>
/// The account of the PostgreSQL server when the host runs as root, because PostgreSQL refuses to run as root. Null means the host's own
/// account.
/// </summary>
internal sealed record ServerAccount(string Name, uint Uid, uint Gid)
{
    public static bool HostIsRoot { get; } = !OperatingSystem.IsWindows() && Environment.IsPrivilegedProcess;

    /// <summary>
    /// Chooses the owner of an existing cluster, so that root can open a cluster that an ordinary user created, and that user can open it
    /// again.
    /// </summary>
    public static async Task<ServerAccount?> ChooseAsync(string clusterFolder, CancellationToken ct)
    {
        if (!HostIsRoot)
        {
            return null;
        }

        var known = ReadAccounts();
        if (Directory.Exists(clusterFolder)
            && await Command.RunAsync(["stat", "-c", "%u %g", clusterFolder], TimeSpan.FromSeconds(10), ct) is { Succeeded: true } owner
            && owner.Output.Split(' ') is [var uidText, var gidText]
            && uint.TryParse(uidText, CultureInfo.InvariantCulture, out var uid) && uid != 0
            && uint.TryParse(gidText, CultureInfo.InvariantCulture, out var gid))
        {
            return new(known.FirstOrDefault(account => account.Uid == uid)?.Name ?? $"#{uid}", uid, gid);
        }

        return known.FirstOrDefault(account => account.Name == "postgres")
            ?? known.FirstOrDefault(account => account.Name == "nobody")
            ?? throw new PostgresUnavailableException("""
                PostgreSQL refuses to run as root, and this machine has neither a user "postgres" nor a user "nobody".
                Start the host as an ordinary user, create one of these users, or set ConnectionStrings:banking.
                """);
    }

    private static List<ServerAccount> ReadAccounts() =>
    [
        .. from line in File.ReadLines("/etc/passwd")
           let parts = line.Split(':')
           where parts.Length > 3
           let uid = uint.TryParse(parts[2], CultureInfo.InvariantCulture, out var number) ? number : 0
           let gid = uint.TryParse(parts[3], CultureInfo.InvariantCulture, out var number) ? number : 0
           where uid != 0
           select new ServerAccount(parts[0], uid, gid),
    ];
}
