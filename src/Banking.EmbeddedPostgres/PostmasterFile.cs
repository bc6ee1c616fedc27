using System.Globalization;

namespace Banking.EmbeddedPostgres;

/// <summary>The content of postmaster.pid: a server's process id, start time and status.</summary>
internal sealed record PostmasterFile(int ProcessId, long StartedAtUnix, string Status)
{
    public bool IsReady => Status == "ready";

    public static string PathIn(string cluster) => Path.Combine(cluster, "postmaster.pid");

    public static PostmasterFile? Read(string cluster)
    {
        try
        {
            // Lines: process id, folder, start time, port, socket folder, address, shared memory, status. The server writes the last ones
            // later.
            var lines = File.ReadAllLines(PathIn(cluster));
            return lines.Length >= 3
                && int.TryParse(lines[0], CultureInfo.InvariantCulture, out var processId)
                && long.TryParse(lines[2], CultureInfo.InvariantCulture, out var startedAt)
                // A negative number is a single-user backend, such as initdb's.
                ? new(Math.Abs(processId), startedAt, lines.Length >= 8 ? lines[7].Trim() : "")
                : null;
        }
        catch (IOException)
        {
            return null;
        }
    }

    public bool IsSameServer(PostmasterFile? other) => other?.ProcessId == ProcessId && other.StartedAtUnix == StartedAtUnix;
}
