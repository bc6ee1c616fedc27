using Banking.EmbeddedPostgres.Backups;
using Banking.Testing;

namespace Banking.Host.Tests;

/// <summary>SIGKILL of a backup and of a restore at random moments.</summary>
public sealed class BackupKillTests(ITestOutputHelper output) : IDisposable
{
    private readonly DirectoryInfo _folder = TestFolders.New("banking-backup-kills-");

    private string Data => Path.Combine(_folder.FullName, "data");

    private string Backups => Path.Combine(Data, "backups");

    private (string, string)[] Settings => [("Banking__DataFolder", Data), ("Banking__Keys__Folder", "")];

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task A_killed_base_backup_is_not_listed_and_a_killed_restore_starts_no_host()
    {
        var seed = Environment.TickCount;
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        await using (var host = await HostProcess.ServeAsync(["--no-demo"], Settings))
        {
            await (await host.TellerAsync()).OpenAsync(balance: "1.00");
            await host.StopAsync();
        }

        await KillAsync(
            ["backup"],
            () => Directory.Exists(Backups)
                && ArchiveFolder.List(Backups).Any(a => Directory.EnumerateFileSystemEntries(Path.Combine(a.Path, "base")).Any()),
            random.Next(300));
        var killed = Assert.Single(ArchiveFolder.List(Backups)).ReadUsableBases();
        Assert.Empty(killed.Problems);
        var taken = await HostProcess.RunAsync(["backup"], Settings);
        Assert.True(taken.ExitCode == 0, taken.Error);
        var archive = Assert.Single(ArchiveFolder.List(Backups));
        Assert.Equal(killed.Bases.Count + 1, archive.ReadUsableBases().Bases.Count);
        Assert.Equal(killed.Bases.Count + 1, Directory.GetDirectories(Path.Combine(archive.Path, "base")).Length);

        var into = Path.Combine(_folder.FullName, "restored");
        var isOver = await KillAsync(
            ["restore", "--to", "LATEST", "--into", into], () => Directory.Exists(Path.Combine(into, "postgres")), random.Next(1_500));
        var (exitCode, verified, refused) = await HostProcess.RunAsync(
            ["verify", $"--Banking:DataFolder={into}", $"--Banking:Keys:Folder={Path.Combine(Data, "keys")}"], Settings);
        output.WriteLine($"{exitCode} {verified} {refused}");
        Assert.True(
            exitCode == 0 ? verified.Contains(": 0 differences", StringComparison.Ordinal)
                : !isOver && refused.Contains("unfinished restore", StringComparison.Ordinal),
            verified + refused);
    }

    /// <summary>Starts the host, and kills it some milliseconds after it has begun with something, if it still runs then.</summary>
    /// <returns>Whether it had ended by itself.</returns>
    private async Task<bool> KillAsync(string[] args, Func<bool> hasBegun, int milliseconds)
    {
        using var process = HostProcess.Start(args, Settings);
        await Eventually.UntilAsync(() => hasBegun() || process.HasExited, begun => begun);
        var isOver = process.WaitForExit(milliseconds);
        if (!isOver)
        {
            process.Kill();
        }

        await process.WaitForExitAsync();
        output.WriteLine($"{args[0]}: {(isOver ? "ended" : "killed")} after {milliseconds} ms");
        return isOver;
    }
}
