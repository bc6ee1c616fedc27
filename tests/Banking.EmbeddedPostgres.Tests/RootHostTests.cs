namespace Banking.EmbeddedPostgres.Tests;

public sealed class RootHostTests
{
    private readonly ClusterFixture fixture;

    public RootHostTests(ClusterFixture fixture)
    {
        this.fixture = fixture;
        Assert.SkipUnless(ServerAccount.HostIsRoot, "Only root's cluster runs as another user.");
    }

    [Fact]
    public async Task The_server_does_not_run_as_root()
    {
        using var folder = await fixture.CopyAsync();
        await using var cluster = await folder.StartAsync();

        var owner = await Command.RunAsync(
            ["stat", "-c", "%u", $"/proc/{cluster.ProcessId}"], TimeSpan.FromSeconds(10), CancellationToken.None);

        Assert.Equal($"{cluster.Home.Launcher.Account!.Uid}", owner.Output);
        Assert.False(cluster.Home.IsRelocated);
    }

    [Fact]
    public async Task Below_a_private_folder_the_cluster_is_relocated_and_found_again()
    {
        using var folder = new TestFolder(isPrivate: true);
        await using (var cluster = await folder.StartAsync())
        {
            Assert.True(cluster.Home.IsRelocated);
            Assert.Equal(folder.Data, cluster.DataFolder);
            await Sql.ExecuteAsync(cluster, "postgres", "create table kept as select 1 as n");
            Assert.Contains("in use", await folder.RefusalAsync(), StringComparison.Ordinal);
        }

        await using (var again = await folder.StartAsync())
        {
            Assert.Equal(1, await Sql.ScalarAsync(again, "postgres", "select n from kept"));
        }

        await using var fresh = await folder.StartAsync(settings => settings with { Fresh = true });
        Assert.Equal(DBNull.Value, await Sql.ScalarAsync(fresh, "postgres", "select to_regclass('kept')::text"));
    }

    [Fact]
    public async Task Deleting_a_private_data_folder_by_hand_deletes_its_cluster()
    {
        using var folder = new TestFolder(isPrivate: true);
        await using (var cluster = await folder.StartAsync())
        {
            await Sql.ExecuteAsync(cluster, "postgres", "create table kept as select 1 as n");
        }

        Directory.Delete(folder.Data, recursive: true);

        await using var again = await folder.StartAsync();
        Assert.Equal(DBNull.Value, await Sql.ScalarAsync(again, "postgres", "select to_regclass('kept')::text"));
    }

    [Fact]
    public async Task A_copy_of_a_private_data_folder_cannot_run_while_its_original_runs()
    {
        using var folder = new TestFolder(isPrivate: true);
        await using var cluster = await folder.StartAsync();
        var copy = folder.Sub("copy");
        File.Copy(Path.Combine(folder.Data, "cluster.location"), Path.Combine(copy, "cluster.location"));

        Assert.Contains("in use", await folder.RefusalAsync(settings => settings with { DataFolder = copy }), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_cluster_keeps_its_owner()
    {
        using var folder = await fixture.CopyAsync();
        string cluster;
        await using (var first = await folder.StartAsync())
        {
            cluster = first.Home.Cluster;
        }

        await Command.RunAsync(["chown", "-R", "65534:65534", cluster], TimeSpan.FromSeconds(10), CancellationToken.None);

        await using var again = await folder.StartAsync();
        Assert.Equal(65534u, again.Home.Launcher.Account!.Uid);
        Assert.Equal(1, await Sql.ScalarAsync(again, "postgres", "select 1"));
    }

    [Fact]
    public async Task Runuser_replaces_a_missing_setpriv()
    {
        using var folder = await fixture.CopyAsync();
        await using (var first = await folder.StartAsync())
        {
            Assert.SkipWhen(first.Home.Launcher.RunUser is null, "Needs runuser.");
        }

        var home = await ClusterHome.ResolveAsync(folder.Data, CancellationToken.None);
        var launcher = home.Launcher with { SetPriv = null, HasDeathSignal = false };
        var result = await Command.RunAsync(launcher.WrapTool(["id", "-u"]), TimeSpan.FromSeconds(10), CancellationToken.None);

        Assert.Equal($"{launcher.Account!.Uid}", result.Output);
    }
}
