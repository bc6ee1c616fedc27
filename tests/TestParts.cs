using System.Diagnostics;

namespace Banking.Testing.Parts;

/// <summary>
/// Installs the real servers that tests need. As root on Debian or Ubuntu, the first test that needs a server installs the missing ones,
/// once per machine. Elsewhere, the error of the test names the command to run.
/// </summary>
internal static class TestParts
{
    public const string Command = "eng/install-test-parts";

    private static readonly Lazy<bool> Installation = new(Install);

    /// <summary>Installs missing servers. The caller checks whether its server exists afterwards.</summary>
    public static void Ensure() => _ = Installation.Value;

    private static bool Install()
    {
        var script = FindScript();
        if (script is null || !OperatingSystem.IsLinux() || !Environment.IsPrivilegedProcess || !File.Exists("/usr/bin/apt-get"))
        {
            return false;
        }

        // Several test processes run the script at once: it runs one at a time and does not repeat a recent failed attempt.
        using var process = Process.Start(new ProcessStartInfo("/bin/bash", [script, "--once"]))!;
        process.WaitForExit();
        return process.ExitCode == 0;
    }

    private static string? FindScript()
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
