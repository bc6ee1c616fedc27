using System.Diagnostics;

namespace Banking.Testing.Parts;

/// <summary>
/// The real servers that tests run. Where it can be done, by root on Debian or Ubuntu, the first test that needs one has them installed,
/// once for the machine; elsewhere its user is told how.
/// </summary>
internal static class TestParts
{
    public const string Command = "eng/install-test-parts";

    private static readonly Lazy<bool> Once = new(Install);

    /// <summary>Installs what is missing. Whether it is there then, who needs it looks for.</summary>
    public static void Ensure() => _ = Once.Value;

    private static bool Install()
    {
        var script = Script();
        if (script is null || !OperatingSystem.IsLinux() || !Environment.IsPrivilegedProcess || !File.Exists("/usr/bin/apt-get"))
        {
            return false;
        }

        // Several test processes come here at once: the script lets one in at a time, and does not try again what has just failed.
        using var process = Process.Start(new ProcessStartInfo("/bin/bash", [script, "--once"]))!;
        process.WaitForExit();
        return process.ExitCode == 0;
    }

    private static string? Script()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var script = Path.Combine(folder.FullName, Command);
            if (File.Exists(script))
            {
                return script;
            }
        }

        return null;
    }
}
