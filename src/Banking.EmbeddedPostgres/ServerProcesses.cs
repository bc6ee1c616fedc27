using System.Diagnostics;
using System.Globalization;

namespace Banking.EmbeddedPostgres;

/// <summary>Which living processes work on a cluster, and how they are ended.</summary>
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

    /// <summary>The postmaster and, on Linux, backends that outlived theirs.</summary>
    public static IReadOnlyList<int> Of(string cluster) => OperatingSystem.IsLinux()
        ? WorkingIn(cluster)
        : PostmasterFile.Read(cluster) is { } file && IsThatServer(file) ? [file.ProcessId] : [];

    /// <summary>Fast shutdown, then immediate shutdown, then kill: each only if the one before did not end it.</summary>
    public static async Task StopAsync(int postmaster, Func<bool> ended, PostgresBinaries binaries, string cluster)
    {
        await SignalAsync(postmaster, Unix.Interrupt, "fast", binaries, cluster);
        if (await Poll.UntilAsync(ended, FastShutdown, CancellationToken.None))
        {
            return;
        }

        await SignalAsync(postmaster, Unix.Quit, "immediate", binaries, cluster);
        if (!await Poll.UntilAsync(ended, ImmediateShutdown, CancellationToken.None))
        {
            Kill(postmaster);
            await Poll.UntilAsync(ended, ImmediateShutdown, CancellationToken.None);
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
            // It ended by itself.
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

    // Every process of a server makes the cluster its working folder. That holds for the orphans of a killed postmaster too,
    // and it cannot be confused with a stranger that got the old process number.
    private static List<int> WorkingIn(string cluster)
    {
        var found = new List<int>();
        foreach (var entry in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(entry), CultureInfo.InvariantCulture, out var processId)
                && WorkingFolder(entry) == cluster && Name(entry) is "postgres" or "postmaster")
            {
                found.Add(processId);
            }
        }

        return found;
    }

    private static string? WorkingFolder(string entry) => Try(() => new FileInfo($"{entry}/cwd").LinkTarget);

    private static string? Name(string entry) => Try(() => File.ReadAllText($"{entry}/comm").Trim());

    // Processes come and go, and those of other users are none of our business.
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

    private static bool IsThatServer(PostmasterFile file)
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
