using System.Globalization;

namespace Banking.EmbeddedPostgres;

/// <summary>
/// The account PostgreSQL runs under when the host is root, which PostgreSQL refuses to be. Null stands for "the host's own account".
/// </summary>
internal sealed record ServerAccount(string Name, uint Uid, uint Gid)
{
    public static bool HostIsRoot { get; } = !OperatingSystem.IsWindows() && Environment.IsPrivilegedProcess;

    /// <summary>An existing cluster keeps its owner: a folder made without root still opens with and without it.</summary>
    public static async Task<ServerAccount?> ForAsync(string clusterFolder, CancellationToken ct)
    {
        if (!HostIsRoot)
        {
            return null;
        }

        var known = Known();
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
                PostgreSQL refuses to run as root, and this machine has neither a user "postgres" nor a user "nobody" to run it as.
                Start the host as an ordinary user, create one of these users, or set ConnectionStrings:banking.
                """);
    }

    private static List<ServerAccount> Known() =>
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
