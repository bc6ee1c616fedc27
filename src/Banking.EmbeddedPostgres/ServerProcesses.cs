using System.Diagnostics;
using System.Globalization;

namespace Banking.EmbeddedPostgres;

/// <summary>Finds and stops the running processes of a cluster.</summary>
internal static class ServerProcesses
{
    public static readonly TimeSpan FastShutdown = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan ImmediateShutdown = TimeSpan.FromSeconds(5);

    public static bool IsAlive(int processId)
    {
        try
        {
            using var process = Process.GetProcessById(processId);
            return !process.HasExited;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    /// <summary>Finds the postmaster and, on Linux, backends that outlived their postmaster.</summary>
    public static IReadOnlyList<int> Find(string cluster) => OperatingSystem.IsLinux()
        ? FindByWorkingFolder(cluster)
        : PostmasterFile.Read(cluster) is { } file && IsRunning(file) ? [file.ProcessId] : [];

    /// <summary>Tries a fast shutdown, then an immediate shutdown, then a kill, until the server has ended.</summary>
    public static async Task StopAsync(int postmaster, Func<bool> hasEnded, PostgresBinaries binaries, string cluster)
    {
        await SignalAsync(postmaster, Unix.Interrupt, "fast", binaries, cluster);
        if (await Poll.UntilAsync(hasEnded, FastShutdown, CancellationToken.None))
        {
            return;
        }

        await SignalAsync(postmaster, Unix.Quit, "immediate", binaries, cluster);
        if (!await Poll.UntilAsync(hasEnded, ImmediateShutdown, CancellationToken.None))
        {
            Kill(postmaster);
            await Poll.UntilAsync(hasEnded, ImmediateShutdown, CancellationToken.None);
        }
    }

    public static void Kill(int processId)
    {
        try
        {
            using var process = Process.GetProcessById(processId);
            process.Kill();
        }
        catch (Exception gone) when (gone is ArgumentException or InvalidOperationException)
        {
            // The process has ended by itself.
        }
    }

    private static async Task SignalAsync(int postmaster, int signal, string mode, PostgresBinaries binaries, string cluster)
    {
        if (OperatingSystem.IsWindows())
        {
            await Command.RunAsync([binaries.PgCtl, "stop", "-W", "-m", mode, "-D", cluster], FastShutdown, CancellationToken.None);
        }
        else
        {
            Unix.Signal(postmaster, signal);
        }
    }

    // The cluster is the working folder of every process of its server, also of the backends of a killed postmaster. Unlike a process id,
    // the folder cannot belong to an unrelated process.
    private static List<int> FindByWorkingFolder(string cluster)
    {
        var found = new List<int>();
        foreach (var entry in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(entry), CultureInfo.InvariantCulture, out var processId)
                && ReadWorkingFolder(entry) == cluster && ReadName(entry) is "postgres" or "postmaster")
            {
                found.Add(processId);
            }
        }

        return found;
    }

    private static string? ReadWorkingFolder(string entry) => Try(() => new FileInfo($"{entry}/cwd").LinkTarget);

    private static string? ReadName(string entry) => Try(() => File.ReadAllText($"{entry}/comm").Trim());

    // A process may end during the search, and processes of other users are not readable. Both are skipped.
    private static string? Try(Func<string?> read)
    {
        try
        {
            return read();
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static bool IsRunning(PostmasterFile file)
    {
        try
        {
            using var process = Process.GetProcessById(file.ProcessId);
            var startedAt = new DateTimeOffset(process.StartTime.ToUniversalTime()).ToUnixTimeSeconds();
            return process.ProcessName.StartsWith("postgres", StringComparison.OrdinalIgnoreCase)
                && Math.Abs(startedAt - file.StartedAtUnix) <= 10;
        }
        catch (Exception gone) when (gone is ArgumentException or InvalidOperationException)
        {
            return false;
        }
    }
}
