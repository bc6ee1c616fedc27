namespace Banking.EmbeddedPostgres.Tests;

public sealed class BinaryTests
{
    private static readonly string[] Remedies = ["Install PostgreSQL", "Banking:Postgres:BinFolder", "ConnectionStrings:banking"];

    [Fact]
    public async Task The_newest_installed_version_wins()
    {
        using var folder = new TestFolder();
        foreach (var version in new[] { "9.6.24", "15.18", "17.2", "16.11", "17.10" })
        {
            folder.FakeBinaries($"pg/{version}/bin", version);
        }

        Assert.Equal("17.10", (await LocateAsync(folder)).Version);
    }

    [Fact]
    public async Task An_existing_cluster_gets_the_version_that_created_it()
    {
        using var folder = new TestFolder();
        folder.FakeBinaries("pg/15/bin", "15.18");
        folder.FakeBinaries("pg/18/bin", "18.1");

        Assert.Equal("15.18", (await LocateAsync(folder, clusterMajor: 15)).Version);
    }

    [Fact]
    public async Task A_link_on_the_path_resolves_to_the_real_folder()
    {
        using var folder = new TestFolder();
        var real = folder.FakeBinaries("real/bin", "16.4");
        var path = folder.Sub("path");
        File.CreateSymbolicLink(Path.Combine(path, "postgres"), Path.Combine(real, "postgres"));

        Assert.Equal(real, (await LocateAsync(folder, path: path)).BinFolder);
    }

    [Fact]
    public async Task A_pre_release_counts_as_its_version()
    {
        using var folder = new TestFolder();
        folder.FakeBinaries("pg/19/bin", "19beta1");

        Assert.Equal(19, (await LocateAsync(folder)).Major);
    }

    [Fact]
    public async Task Without_binaries_the_error_names_three_remedies()
    {
        using var folder = new TestFolder();

        var message = await folder.RefusalAsync(settings => settings with { AllowDownload = false, Search = Places(folder) });

        Assert.All(Remedies, remedy => Assert.Contains(remedy, message, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_failed_download_names_three_remedies_and_its_cause()
    {
        using var folder = new TestFolder();
        // Port 1 of the loopback refuses at once, with and without a network.
        var search = Places(folder) with { DownloadFrom = "http://127.0.0.1:1", DownloadTo = folder.Sub("download") };

        var refused = await Assert.ThrowsAsync<PostgresUnavailableException>(
            () => folder.StartAsync(settings => settings with { Search = search }));

        Assert.NotNull(refused.InnerException);
        Assert.All(Remedies, remedy => Assert.Contains(remedy, refused.Message, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Only_an_old_version_is_refused_by_its_number()
    {
        using var folder = new TestFolder();
        folder.FakeBinaries("pg/14/bin", "14.20");

        var message = await folder.RefusalAsync(settings => settings with { AllowDownload = false, Search = Places(folder) });

        Assert.Contains("14.20", message, StringComparison.Ordinal);
        Assert.Contains("15 or newer", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("missing", "does not exist")]
    [InlineData("empty", "no working postgres and initdb")]
    [InlineData("old", "14.2")]
    public async Task An_unusable_bin_folder_is_named(string name, string problem)
    {
        using var folder = new TestFolder();
        var bin = Path.Combine(folder.Sub("bins"), name);
        folder.Sub("bins/empty");
        folder.FakeBinaries("bins/old", "14.2");

        var message = await folder.RefusalAsync(settings => settings with { BinFolder = bin });

        Assert.Contains(bin, message, StringComparison.Ordinal);
        Assert.Contains(problem, message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_cluster_of_another_version_is_not_touched()
    {
        using var folder = new TestFolder();
        File.WriteAllText(Path.Combine(folder.Sub("postgres/data"), "PG_VERSION"), "12\n");

        var message = await folder.RefusalAsync(settings => settings with { AllowDownload = false });

        Assert.Contains("PostgreSQL 12 created", message, StringComparison.Ordinal);
        Assert.Equal("12\n", File.ReadAllText(Path.Combine(folder.Data, "data", "PG_VERSION")));
    }

    [Fact]
    public async Task The_error_of_a_failed_initdb_has_its_output()
    {
        using var folder = new TestFolder();
        var bin = folder.FakeBinaries("bin", "16.4", initdb: "echo 'no space left' >&2; exit 1");

        var message = await folder.RefusalAsync(settings => settings with { BinFolder = bin });

        Assert.Contains("no space left", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("echo 'FATAL: broken' >&2; exit 1", "ended while it started")]
    [InlineData("echo 'FATAL: broken' >&2; exec sleep 600", "was not ready within 1 s")]
    public async Task A_server_that_does_not_start_shows_the_end_of_its_log(string postgres, string problem)
    {
        using var folder = new TestFolder();
        var bin = folder.FakeBinaries("bin", "16.4", initdb: "echo 16 >\"$2/PG_VERSION\"", postgres);

        var message = await folder.RefusalAsync(settings => settings with { BinFolder = bin, StartTimeout = TimeSpan.FromSeconds(1) });

        Assert.Contains(problem, message, StringComparison.Ordinal);
        Assert.Contains("FATAL: broken", message, StringComparison.Ordinal);
    }

    private static BinarySearch Places(TestFolder folder, string path = "") => new(path, [Path.Combine(folder.Sub("pg"), "*", "bin")]);

    private static Task<PostgresBinaries> LocateAsync(TestFolder folder, int? clusterMajor = null, string path = "") =>
        BinaryLocator.LocateAsync(
            folder.Settings with { AllowDownload = false, Search = Places(folder, path) }, clusterMajor, _ => { },
            TestContext.Current.CancellationToken);
}
