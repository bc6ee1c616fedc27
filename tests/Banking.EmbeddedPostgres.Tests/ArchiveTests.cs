using Banking.EmbeddedPostgres.Backups;

namespace Banking.EmbeddedPostgres.Tests;

/// <summary>The archive of a running cluster, and what it does when it cannot continue.</summary>
public sealed class ArchiveTests(ClusterFixture clusters)
{
    [Fact]
    public async Task After_a_gap_in_the_log_a_base_backup_is_taken_by_itself_and_old_ones_are_deleted()
    {
        using var folder = await clusters.CopyAsync();
        await using var cluster = await folder.StartAsync();
        var settings = SettingsIn(folder) with { Keep = 1 };
        string first;
        await using (var backups = ClusterBackups.Start(cluster, settings, TimeSpan.MaxValue, _ => { }))
        {
            first = (await backups.TakeAsync(TestContext.Current.CancellationToken)).Label;
        }

        await ClusterBackups.ForgetAsync(cluster, "postgres", TestContext.Current.CancellationToken);
        for (var i = 0; i < 3; i++)
        {
            await Sql.ExecuteAsync(cluster, "postgres", "select pg_logical_emit_message(false, '', 'a'), pg_switch_wal()");
        }

        await Sql.ExecuteAsync(cluster, "postgres", "checkpoint");
        await using var again = ClusterBackups.Start(cluster, settings, TimeSpan.MaxValue, _ => { });
        Assert.True(await Poll.UntilAsync(
            () => again.Status.Bases is [{ Label: var label }] && label != first,
            TimeSpan.FromSeconds(20),
            TestContext.Current.CancellationToken));

        var archive = ArchiveFolder.Find(settings.Folder);
        Assert.Equal([again.Status.Bases[0].Label], Directory.GetDirectories(archive.BaseFolder).Select(Path.GetFileName));
        Assert.Null(archive.FilesFrom(again.Status.Bases[0].StartAt, archive.ReadState()).Missing);
        Assert.Null(again.Status.Problem);
    }

    [Fact]
    public async Task A_full_disk_and_the_archive_of_another_copy_of_the_cluster_are_reported_and_nothing_is_written()
    {
        using var folder = await clusters.CopyAsync();
        await using var cluster = await folder.StartAsync();
        var settings = SettingsIn(folder);
        await using (var full = ClusterBackups.Start(cluster, settings with { MinFreeBytes = long.MaxValue }, TimeSpan.Zero, _ => { }))
        {
            Assert.Contains("free space", await ProblemAsync(full), StringComparison.Ordinal);
        }

        await using (var backups = ClusterBackups.Start(cluster, settings, TimeSpan.MaxValue, _ => { }))
        {
            await backups.TakeAsync(TestContext.Current.CancellationToken);
        }

        File.Delete(Path.Combine(cluster.Home.Folder, "archive.owner"));
        var files = Directory.GetFiles(settings.Folder, "*", SearchOption.AllDirectories);
        await using var other = ClusterBackups.Start(cluster, settings, TimeSpan.Zero, _ => { });
        Assert.Contains("another copy of this cluster", await ProblemAsync(other), StringComparison.Ordinal);
        Assert.Equal(files, Directory.GetFiles(settings.Folder, "*", SearchOption.AllDirectories));
    }

    private static async Task<string> ProblemAsync(ClusterBackups backups)
    {
        await Poll.UntilAsync(() => backups.Status.Problem is not null, TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
        return backups.Status.Problem ?? "no problem";
    }

    private static BackupSettings SettingsIn(TestFolder folder) => new()
    {
        Folder = Path.Combine(Path.GetDirectoryName(folder.Data)!, "backups"),
        Database = "postgres",
        CopyInterval = TimeSpan.FromMilliseconds(20),
        Describe = (_, _) => Task.FromResult(new BackupFacts(0, 0, new Dictionary<string, string>(), null)),
    };
}
