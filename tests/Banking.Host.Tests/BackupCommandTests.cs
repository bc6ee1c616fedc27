using Banking.Testing;

namespace Banking.Host.Tests;

/// <summary>A served bank is backed up by itself, and restored by commands.</summary>
public sealed class BackupCommandTests : IDisposable
{
    private readonly DirectoryInfo _folder = TestFolders.New("banking-backups-");

    private string Data => Path.Combine(_folder.FullName, "data");

    private (string, string)[] Settings => [("Banking__DataFolder", Data), ("Banking__Keys__Folder", "")];

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task A_bank_is_restored_with_what_was_booked_after_its_base_backup_and_verified()
    {
        await ServeAsync(_ => Task.CompletedTask);
        Assert.Equal(0, (await RunAsync("backup")).ExitCode);
        await ServeAsync(async host =>
        {
            var teller = await host.TellerAsync();
            await teller.RegisterAsync("Ada");
            var token = host.Output.Split('\n').Single(line => line.StartsWith("export OPERATOR=", StringComparison.Ordinal));
            var operations = new BankClient(host.Http(), token["export OPERATOR=".Length..]);
            var backups = (await operations.GetAsync("/ops/backups")).Ok().Json;
            Assert.True(backups.GetProperty("managed").GetBoolean());
            Assert.Single(backups.GetProperty("items").EnumerateArray());
        });
        var into = Path.Combine(_folder.FullName, "restored");

        var (exitCode, output, error) = await RunAsync("restore", "--to", "LATEST", "--into", into);

        Assert.True(exitCode == 0, output + error);
        Assert.Contains("0 differences", output, StringComparison.Ordinal);
        Assert.Contains("Restored up to position 1 ", output, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Combine(into, "keys")));
        var (again, _, refusal) = await RunAsync("restore", "--to", "LATEST", "--into", into);
        Assert.Equal(2, again);
        Assert.Contains("is not empty", refusal, StringComparison.Ordinal);
        Assert.Equal(2, (await RunAsync("restore", "--to", "yesterday", "--into", into + "2")).ExitCode);
    }

    private Task<(int ExitCode, string Output, string Error)> RunAsync(params string[] args) => HostProcess.RunAsync(args, Settings);

    private async Task ServeAsync(Func<HostProcess, Task> use)
    {
        await using var host = await HostProcess.ServeAsync(["--no-demo"], Settings);
        await use(host);
        Assert.Equal(0, await host.StopAsync());
    }
}
