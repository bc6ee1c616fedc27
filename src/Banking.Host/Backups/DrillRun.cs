using System.Diagnostics;
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

    public static async Task<RestoreDrilled> RunAsync(
        string archive, string dataFolder, KeyRingFolder keys, ArchiveOptions events, CancellationToken ct)
    {
        var scratch = Path.Combine(dataFolder, "drill");
        await BankRestore.DeleteAsync(scratch, ct);
        var watch = Stopwatch.StartNew();
        var (exitCode, report) = await RunAsync(
            [
                "restore", "--to", "LATEST", "--from", archive, "--into", scratch,
                $"--Banking:DataFolder={dataFolder}", $"--{KeyRingFolder.Setting}={keys.Path}",
                .. events.ToArguments(),
            ],
            ct);
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
