using System.Diagnostics;
using System.Globalization;
using Banking.EmbeddedPostgres.Backups;

namespace Banking.EmbeddedPostgres.Tests;

/// <summary>A separate process with the reserved space of a restore, so that tests can kill it.</summary>
internal sealed class OtherRestore : IDisposable
{
    public const string Argument = "reserve-space";

    private readonly Process process;

    private OtherRestore(Process process) => this.process = process;

    public static async Task<OtherRestore> StartAsync(ArchiveFolder archive, string into, long bytes)
    {
        var program = Path.ChangeExtension(typeof(OtherRestore).Assembly.Location, OperatingSystem.IsWindows() ? ".exe" : null);
        string[] arguments = [Argument, archive.Path, into, bytes.ToString(CultureInfo.InvariantCulture)];
        var process = Process.Start(
            new ProcessStartInfo(program, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
        Assert.Equal("True", await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken));
        return new(process);
    }

    /// <summary>The program of that process: keeps the space reserved until its input ends or it is killed.</summary>
    public static async Task RunAsync(string archive, string into, string bytes)
    {
        var needed = RestoredFolder.Needs(into, into, long.Parse(bytes, CultureInfo.InvariantCulture));
        using var space = SpaceReservation.Take(ArchiveFolder.Find(archive), needed);
        await Console.Out.WriteLineAsync($"{space.IsTaken}");
        using var input = Console.OpenStandardInput();
        await input.CopyToAsync(Stream.Null);
    }

    public void Kill()
    {
        process.Kill();
        process.WaitForExit();
    }

    public void Dispose()
    {
        if (!process.HasExited)
        {
            Kill();
        }

        process.Dispose();
    }
}
