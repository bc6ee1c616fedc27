using Banking.Testing;

namespace Banking.Host.Tests;

/// <summary>The folder of the key ring, as hosts and commands on a configured database find it.</summary>
public sealed class KeyRingFolderTests : IAsyncLifetime
{
    private readonly DirectoryInfo _folder = TestFolders.New("banking-ring-");
    private string _database = "";

    public async ValueTask InitializeAsync() => _database = await TestCluster.NewDatabaseAsync();

    public async ValueTask DisposeAsync()
    {
        await TestCluster.DropAsync(_database);
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task Hosts_and_commands_on_a_configured_database_need_the_setting_also_in_Development()
    {
        // In the default data folder, which --fresh deletes, they would find the key ring of a private cluster.
        var data = ("Banking__DataFolder", _folder.FullName);
        Directory.CreateDirectory(Path.Combine(_folder.FullName, "keys"));
        foreach (var command in (string[][])[["verify"], ["import", "berka", Sample], ["--no-demo", "--urls=http://127.0.0.1:0"]])
        {
            var (exitCode, error) = await RunAsync("", command, data);

            Assert.Equal(2, exitCode);
            var sentence = Assert.Single(error.Trim().Split('\n'));
            Assert.StartsWith("A bank with ConnectionStrings:banking needs Banking:Keys:Folder: ", sentence, StringComparison.Ordinal);
        }

        Assert.Empty(Directory.GetFiles(_folder.FullName, "*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task A_command_creates_no_key_except_for_keys_create_which_creates_the_first_one_and_no_other()
    {
        var (exitCode, error) = await RunAsync(_folder.FullName, ["import", "berka", Sample]);
        Assert.Equal(2, exitCode);
        Assert.Contains("has no key. For a new bank, create the first one by the command keys create.", error, StringComparison.Ordinal);
        Assert.Empty(_folder.GetFiles());

        Assert.Equal((0, ""), await RunAsync(_folder.FullName, ["keys", "create"]));
        var key = Assert.Single(_folder.GetFiles());
        Assert.Equal((0, ""), await RunAsync(_folder.FullName, ["import", "berka", Sample]));
        (exitCode, error) = await RunAsync(_folder.FullName, ["keys", "create"]);
        Assert.Equal((2, true), (exitCode, error.Contains("has keys already", StringComparison.Ordinal)));
        Assert.Equal(key.Name, Assert.Single(_folder.GetFiles()).Name);

        Assert.Equal((0, ""), await RunAsync(_folder.FullName, ["keys", "rotate"]));
        Assert.Equal(2, _folder.GetFiles().Length);

        // The volume is not mounted.
        Array.ForEach(_folder.GetFiles(), file => file.Delete());
        (exitCode, error) = await RunAsync(_folder.FullName, ["keys", "rotate"]);
        Assert.Equal((2, true), (exitCode, error.Contains("has no key to rotate", StringComparison.Ordinal)));
        (exitCode, error) = await RunAsync(_folder.FullName, ["--no-demo", "--urls=http://127.0.0.1:0"]);
        Assert.Equal(2, exitCode);
        Assert.Contains("has no key, but the database has stored keys", Assert.Single(error.Trim().Split('\n')), StringComparison.Ordinal);
        Assert.Empty(_folder.GetFiles());
    }

    private static string Sample => Path.Combine(TestFolders.Repository, "samples", "history");

    private async Task<(int ExitCode, string Error)> RunAsync(string keys, string[] command, params (string, string)[] more)
    {
        var (exitCode, _, error) = await HostProcess.RunAsync(
            command,
            [
                ("ConnectionStrings__banking", _database), ("Banking__Keys__Folder", keys), ("ASPNETCORE_ENVIRONMENT", "Development"),
                .. more,
            ]);
        return (exitCode, error);
    }
}
