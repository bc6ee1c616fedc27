using System.Diagnostics;
using Npgsql;

namespace Banking.EmbeddedPostgres.Tests;

public sealed class CrashTests(ClusterFixture fixture)
{
    [Fact]
    public async Task Committed_rows_survive_a_killed_postmaster()
    {
        using var folder = await fixture.CopyAsync();
        await using (var cluster = await folder.StartAsync())
        {
            await Sql.ExecuteAsync(cluster, "postgres", "create table kept (n int); insert into kept values (1), (2)");
            ServerProcesses.Kill(cluster.ProcessId);
        }

        await using var again = await folder.StartAsync();
        Assert.Equal(2L, await Sql.ScalarAsync(again, "postgres", "select count(*) from kept"));
    }

    [Fact]
    public async Task A_backend_that_outlived_its_postmaster_does_not_prevent_the_next_start()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "The search for orphans needs /proc.");
        using var folder = await fixture.CopyAsync();
        Task busy;
        await using (var cluster = await folder.StartAsync())
        {
            busy = Sql.ExecuteAsync(cluster, "postgres", "select count(*) from generate_series(1, 1000000000000)");
            await UntilAsync(() => ServerProcesses.Find(cluster.Home.Cluster).Any(IsWorking));
            ServerProcesses.Kill(cluster.ProcessId);
        }

        await using var again = await folder.StartAsync();
        Assert.Equal(1, await Sql.ScalarAsync(again, "postgres", "select 1"));
        await Assert.ThrowsAnyAsync<NpgsqlException>(() => busy);

        static bool IsWorking(int processId) =>
            File.ReadAllText($"/proc/{processId}/cmdline").Contains("SELECT", StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task A_server_that_a_crashed_host_left_running_is_stopped()
    {
        using var folder = await fixture.CopyAsync();
        var (home, binaries) = await StartAndStopAsync(folder);
        var left = await ServerStart.RunAsync(home, binaries, port: null, TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);

        await using var cluster = await folder.StartAsync();

        Assert.NotEqual(left.ProcessId, cluster.ProcessId);
        Assert.True(left.Process.HasEnded);
        Assert.Equal(1, await Sql.ScalarAsync(cluster, "postgres", "select n from kept"));
    }

    [Fact]
    public async Task A_stale_process_id_of_an_unrelated_process_does_not_prevent_a_start()
    {
        using var folder = await fixture.CopyAsync();
        var (home, _) = await StartAndStopAsync(folder);
        using var unrelated = Process.Start(new ProcessStartInfo("sleep", ["600"]))!;
        try
        {
            File.WriteAllText(
                PostmasterFile.PathIn(home.Cluster),
                $"{unrelated.Id}\n{home.Cluster}\n1700000000\n5432\n\n127.0.0.1\n0 0\nready   \n");

            await using var cluster = await folder.StartAsync();

            Assert.Equal(1, await Sql.ScalarAsync(cluster, "postgres", "select n from kept"));
            Assert.False(unrelated.HasExited);
        }
        finally
        {
            unrelated.Kill();
        }
    }

    [Fact]
    public async Task A_host_in_another_process_keeps_the_folder_until_it_stops()
    {
        using var folder = await fixture.CopyAsync();
        using var other = await OtherHost.StartAsync(folder.Data);

        Assert.Contains($"process {other.ProcessId} on", await folder.RefusalAsync(), StringComparison.Ordinal);

        other.Stop();
        await using var cluster = await folder.StartAsync();
        Assert.Equal(42, await Sql.ScalarAsync(cluster, "bank", "select id from kept"));
    }

    [Fact]
    public async Task A_killed_hosts_server_stops()
    {
        using var folder = await fixture.CopyAsync();
        using var other = await OtherHost.StartAsync(folder.Data);
        var launcher = await Launcher.ForAsync(null, TestContext.Current.CancellationToken);
        Assert.SkipUnless(launcher.HasDeathSignal, "Needs setpriv --pdeathsig.");
        var cluster = Path.Combine(folder.Data, "data");
        Assert.Contains(other.Postmaster, ServerProcesses.Find(cluster));

        other.Kill();

        await UntilAsync(() => ServerProcesses.Find(cluster).Count == 0);
        Assert.False(File.Exists(PostmasterFile.PathIn(cluster)), "The shutdown was not clean.");
    }

    [Fact]
    public async Task The_folder_of_a_killed_host_is_usable_at_once()
    {
        using var folder = await fixture.CopyAsync();
        using var other = await OtherHost.StartAsync(folder.Data);

        other.Kill();

        await using var cluster = await folder.StartAsync();
        Assert.Equal(42, await Sql.ScalarAsync(cluster, "bank", "select id from kept"));
    }

    private static async Task<(ClusterHome Home, PostgresBinaries Binaries)> StartAndStopAsync(TestFolder folder)
    {
        await using var cluster = await folder.StartAsync();
        await Sql.ExecuteAsync(cluster, "postgres", "create table kept as select 1 as n");
        var binaries = await BinaryLocator.LocateAsync(
            folder.Settings, cluster.Home.ClusterMajor, _ => { }, TestContext.Current.CancellationToken);
        return (cluster.Home, binaries);
    }

    private static async Task UntilAsync(Func<bool> condition) =>
        Assert.True(await Poll.UntilAsync(condition, TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken));
}
