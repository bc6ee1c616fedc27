using System.Diagnostics;
using System.Globalization;
using Banking.Host.Hosting;
using Banking.Host.Security;
using Banking.Web.Backups;

namespace Banking.Host.Backups;

/// <summary>
/// Restores the newest backup into a scratch folder with the command that an operator would use, in a process of its own, and drops the
/// result.
/// </summary>
internal static class DrillRun
{
    private const int MaxReport = 2_000;

    /// <summary>
    /// The settings of a host that the command reads, as arguments. The process inherits the host's environment, but not its command line.
    /// </summary>
    public static IReadOnlyList<string> FindSettings(IConfiguration configuration, string dataFolder, KeyRingFolder keys)
    {
        var minFree = BackupOptions.Read(configuration).MinFreeGigabytes.ToString(CultureInfo.InvariantCulture);
        return
        [
            $"--Banking:DataFolder={dataFolder}",
            $"--{KeyRingFolder.Setting}={keys.Path}",
            // Also if it is empty: the environment may name a folder that the command line replaced.
            $"--{BankDatabase.BinFolderSetting}={configuration[BankDatabase.BinFolderSetting]}",
            $"--{BackupOptions.Section}:{nameof(BackupOptions.MinFreeGigabytes)}={minFree}",
            .. ArchiveOptions.Read(configuration).ToArguments(),
        ];
    }

    /// <summary>The scratch folder, which is the data folder of the restored bank.</summary>
    public static string FolderIn(string dataFolder) => Path.Combine(dataFolder, "drill");

    /// <param name="settings">The settings of the host (<see cref="FindSettings"/>).</param>
    public static async Task<RestoreDrilled> RunAsync(
        string archive, string dataFolder, IReadOnlyList<string> settings, CancellationToken ct)
    {
        var scratch = FolderIn(dataFolder);
        await BankRestore.DeleteAsync(scratch, ct);
        var watch = Stopwatch.StartNew();
        var (exitCode, report) = await RunAsync(["restore", "--to", "LATEST", "--from", archive, "--into", scratch, .. settings], ct);
        watch.Stop();
        await BankRestore.DeleteAsync(scratch, ct);
        return new(
            exitCode == 0,
            watch.ElapsedMilliseconds,
            report.Length <= MaxReport ? report : report[..MaxReport],
            TimeProvider.System.GetUtcNow());
    }

    private static async Task<(int ExitCode, string Report)> RunAsync(string[] command, CancellationToken ct)
    {
        var start = new ProcessStartInfo("dotnet", [typeof(DrillRun).Assembly.Location, .. command])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        if (Environment.ProcessPath is { } program && Path.GetFileNameWithoutExtension(program) is "dotnet" or "Banking.Host")
        {
            start.FileName = program;
            if (Path.GetFileNameWithoutExtension(program) == "Banking.Host")
            {
                start.ArgumentList.RemoveAt(0);
            }
        }

        using var process = Process.Start(start)!;
        try
        {
            var (output, error) = (process.StandardOutput.ReadToEndAsync(ct), process.StandardError.ReadToEndAsync(ct));
            await process.WaitForExitAsync(ct);
            return (process.ExitCode, (await output + await error).Trim());
        }
        finally
        {
            if (!process.HasExited)
            {
                // Its PostgreSQL ends with it.
                process.Kill();
            }
        }
    }
}
