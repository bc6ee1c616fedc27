using System.Globalization;
using Banking.Testing;

namespace Banking.Host.Tests;

/// <summary>Commands on a bank in a data folder, which only one process at a time may open.</summary>
public sealed class PrivateBankCommandsTests : IDisposable
{
    private readonly DirectoryInfo _folder = TestFolders.New("banking-commands-");

    private string Data => Path.Combine(_folder.FullName, "data");

    private (string, string)[] Settings => [("Banking__DataFolder", Data), ("Banking__Keys__Folder", "")];

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task While_a_host_serves_they_say_who_it_is_and_what_can_be_done_instead_and_then_they_work()
    {
        string[] rebuild = ["projections", "rebuild", "all", "--reason", "why not"];
        await using (var host = await HostProcess.ServeAsync(["--no-demo"], Settings))
        {
            foreach (var command in (string[][])[["verify"], rebuild])
            {
                var (exitCode, output, error) = await HostProcess.RunAsync(command, Settings);

                Assert.Equal(2, exitCode);
                Assert.Empty(output);
                Assert.Contains($"process {host.Id.ToString(CultureInfo.InvariantCulture)} ", error, StringComparison.Ordinal);
                Assert.Contains("POST /ops/projections/NAME/rebuild", error, StringComparison.Ordinal);
                Assert.Contains("Stop the host", error, StringComparison.Ordinal);
                Assert.Contains("ConnectionStrings:banking", error, StringComparison.Ordinal);
                Assert.DoesNotContain("Banking:DataFolder", error, StringComparison.Ordinal);
                Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
            }

            // A file of the key ring needs no database.
            Assert.Single(Directory.GetFiles(Path.Combine(Data, "keys")));
            Assert.Equal((0, ""), await RunKeysAsync("rotate"));
            Assert.Equal(2, Directory.GetFiles(Path.Combine(Data, "keys")).Length);
        }

        var (finalExitCode, finalOutput, finalError) = await HostProcess.RunAsync(rebuild, Settings);
        Assert.True(finalExitCode == 0, finalOutput + finalError);
    }

    [Fact]
    public async Task Where_no_bank_is_none_is_made_and_called_right()
    {
        var (exitCode, output, error) = await HostProcess.RunAsync(["verify"], Settings);

        Assert.Equal(2, exitCode);
        Assert.Empty(output);
        Assert.Contains("There is no bank in " + _folder.FullName, error, StringComparison.Ordinal);
        foreach (var command in (string[])["create", "rotate"])
        {
            var (refused, reason) = await RunKeysAsync(command);
            Assert.Equal((2, true), (refused, reason.StartsWith("There is no bank in " + _folder.FullName, StringComparison.Ordinal)));
        }

        Assert.Empty(_folder.GetFileSystemInfos());
    }

    private async Task<(int ExitCode, string Error)> RunKeysAsync(string command)
    {
        var (exitCode, _, error) = await HostCommand.RunAsync(["keys", command], Settings);
        return (exitCode, error);
    }
}
