using System.Globalization;

namespace Banking.EmbeddedPostgres;

/// <summary>postmaster.pid, in which a server says who it is and whether it answers yet.</summary>
internal sealed record PostmasterFile(int ProcessId, long StartedAtUnix, string Status)
{
    public bool IsReady => Status == "ready";

    public static string In(string cluster) => Path.Combine(cluster, "postmaster.pid");

    public static PostmasterFile? Read(string cluster)
    {
        try
        {
            // Lines: process, folder, start time, port, socket folder, address, shared memory, status. The last ones come later.
            var lines = File.ReadAllLines(In(cluster));
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
