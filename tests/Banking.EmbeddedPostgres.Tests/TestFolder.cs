namespace Banking.EmbeddedPostgres.Tests;

/// <summary>A folder for one test. Disposing it stops processes that a failed test left running in it.</summary>
internal sealed class TestFolder : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const UnixFileMode Enterable =
        OwnerOnly | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;

    private readonly string root = Directory.CreateTempSubdirectory("banking-postgres-").FullName;

    /// <summary>A private folder can be entered by its owner only, like a home folder.</summary>
    public TestFolder(bool isPrivate = false)
    {
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(root, isPrivate ? OwnerOnly : Enterable);
        }
    }

    public string Data => Path.Combine(root, "postgres");

    public PostgresSettings Settings => new() { DataFolder = Data };

    public Task<PostgresCluster> StartAsync(Func<PostgresSettings, PostgresSettings>? change = null) =>
        PostgresCluster.StartAsync(
            change?.Invoke(Settings) ?? Settings, TestContext.Current.TestOutputHelper is { } output ? output.WriteLine : null,
            TestContext.Current.CancellationToken);

    public async Task<string> RefusalAsync(Func<PostgresSettings, PostgresSettings>? change = null) =>
        (await Assert.ThrowsAsync<PostgresUnavailableException>(() => StartAsync(change))).Message;

    public string Sub(string name) => Directory.CreateDirectory(Path.Combine(root, name)).FullName;

    /// <summary>Creates a bin folder with scripts that pretend to be PostgreSQL.</summary>
    public string FakeBinaries(string folder, string version, string initdb = "exit 1", string postgres = "exit 1")
    {
        var bin = Sub(folder);
        Script("postgres", $"[ \"$1\" = --version ] && echo 'postgres (PostgreSQL) {version}' && exit 0\n{postgres}");
        Script("initdb", initdb);
        return bin;

        void Script(string name, string text)
        {
            Assert.SkipWhen(OperatingSystem.IsWindows(), "Needs shell scripts in place of PostgreSQL.");
            var file = Path.Combine(bin, name);
            File.WriteAllText(file, $"#!/bin/sh\n{text}\n");
            if (!OperatingSystem.IsWindows())
            {
                File.SetUnixFileMode(file, Enterable);
            }
        }
    }

    public void Dispose()
    {
        var pointer = Path.Combine(Data, "cluster.location");
        var home = File.Exists(pointer) ? File.ReadAllText(pointer).Trim() : Data;
        foreach (var left in ServerProcesses.Find(Path.Combine(home, "data")))
        {
            ServerProcesses.Kill(left);
        }

        foreach (var folder in new[] { root, home }.Where(Directory.Exists))
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
