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
        var settings = SettingsIn(folder) with { Keep = 1, KeepFor = TimeSpan.Zero };
        string first;
        await using (var backups = Start(cluster, settings))
        {
            first = (await backups.TakeAsync(TestContext.Current.CancellationToken)).Label;
        }

        await ClusterBackups.ForgetAsync(cluster, "postgres", TestContext.Current.CancellationToken);
        await WriteThreeFilesAsync(cluster);
        await Sql.ExecuteAsync(cluster, "postgres", "checkpoint");
        await using var again = Start(cluster, settings);
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
    public async Task A_slot_from_before_files_that_the_server_has_deleted_does_not_stop_the_archive()
    {
        using var folder = await clusters.CopyAsync();
        await using var cluster = await folder.StartAsync();
        var settings = SettingsIn(folder);
        await using (var backups = Start(cluster, settings))
        {
            await backups.TakeAsync(TestContext.Current.CancellationToken);
        }

        var name = (string)(await Sql.ScalarAsync(
            cluster, "postgres", "select pg_walfile_name(restart_lsn + 1) from pg_replication_slots"))!;
        await WriteThreeFilesAsync(cluster);
        File.Delete(Path.Combine(cluster.Home.Cluster, "pg_wal", name));

        await using var again = Start(cluster, settings);

        Assert.True(await Poll.UntilAsync(
            () => again.Status.Bases.Count == 2, TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Base_backups_of_the_time_that_is_kept_stay_interrupted_ones_and_old_ones_on_a_full_disk_do_not()
    {
        using var folder = await clusters.CopyAsync();
        await using var cluster = await folder.StartAsync();
        var settings = SettingsIn(folder) with { Keep = 1 };
        string newest;
        await using (var backups = Start(cluster, settings))
        {
            await backups.TakeAsync(TestContext.Current.CancellationToken);
            var link = Path.Combine(cluster.Home.Cluster, "link");
            File.CreateSymbolicLink(link, "PG_VERSION");
            await Assert.ThrowsAsync<BackupException>(() => backups.TakeAsync(TestContext.Current.CancellationToken));
            File.Delete(link);
            Assert.True(await Poll.UntilAsync(() => Bases() == 1, TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken));
            newest = (await backups.TakeAsync(TestContext.Current.CancellationToken)).Label;
            var archive = ArchiveFolder.Find(settings.Folder);
            using (archive.Hold())
            {
                archive.DeleteOld(keep: 1, TimeSpan.Zero);
            }

            Assert.Equal(2, Bases());
        }

        await using var full = Start(cluster, settings with { MinFreeBytes = long.MaxValue });

        Assert.Contains("free space", await ProblemAsync(full), StringComparison.Ordinal);
        Assert.Equal([newest], ArchiveFolder.Find(settings.Folder).ReadBases().Select(b => b.Label));
        // On the disk of the cluster, log for the archive would stop the bank.
        Assert.Equal(0L, await Sql.ScalarAsync(cluster, "postgres", "select count(*) from pg_replication_slots"));

        int Bases() => Directory.GetDirectories(ArchiveFolder.Find(settings.Folder).BaseFolder).Length;
    }

    [Fact]
    public async Task A_base_backup_leaves_a_running_restore_its_space_and_a_restore_waits_for_a_running_base_backup()
    {
        using var folder = await clusters.CopyAsync();
        await using var cluster = await folder.StartAsync();
        await using var backups = Start(cluster, SettingsIn(folder));
        var into = Path.Combine(folder.Data, "drill", "postgres");
        await Poll.UntilAsync(() => backups.Status.Archive is not null, TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
        var archive = ArchiveFolder.Find(backups.Status.Path!);
        var reservation = backups.TryReserve(archive, into, 1L << 60);
        Assert.NotNull(reservation);

        var refused = await Assert.ThrowsAsync<BackupException>(() => backups.TakeAsync(TestContext.Current.CancellationToken));

        Assert.Contains(
            $"MB are reserved for the restore into {into} that is running.", refused.Message, StringComparison.Ordinal);
        Assert.Null(backups.TryReserve(archive, into, 0));
        reservation.Dispose();
        await backups.TakeAsync(TestContext.Current.CancellationToken);
        using (var next = backups.TryReserve(into))
        {
            Assert.NotNull(next);
            // There is room for both.
            await backups.TakeAsync(TestContext.Current.CancellationToken);
        }

        Assert.True(backups.TryRequest());
        Assert.Null(backups.TryReserve(into));
    }

    [Fact]
    public async Task A_data_folder_that_was_copied_or_set_back_begins_an_archive_of_its_own()
    {
        using var folder = await clusters.CopyAsync();
        var settings = SettingsIn(folder);
        var first = await RunAsync(folder, settings, _ => Task.CompletedTask, "");
        using var copy = await ClusterFixture.CopyAsync(folder);
        Assert.Equal(first, await RunAsync(folder, settings, WriteThreeFilesAsync, ""));
        var archived = Hashes(first);

        // The copy has the token from before the second run.
        var second = await RunAsync(copy, settings, _ => Task.CompletedTask, first);

        // The snapshot of a virtual machine has the token of now.
        CopyClaim();
        var third = await RunAsync(copy, settings, _ => Task.CompletedTask, first);
        CopyClaim();
        await using (var cluster = await copy.StartAsync())
        {
            // Without a host, the log grows beyond the end of the archive.
            await WriteThreeFilesAsync(cluster);
            await WriteThreeFilesAsync(cluster);
        }

        Assert.Equal(4, new HashSet<string> { first, second, third, await RunAsync(copy, settings, _ => Task.CompletedTask, first) }.Count);
        Assert.Equal(archived, Hashes(first));

        void CopyClaim() => File.Copy(
            Path.Combine(folder.Data, "archive.owner"), Path.Combine(copy.Data, "archive.owner"), overwrite: true);

        static string[] Hashes(string archive) =>
            [.. Directory.GetFiles(Path.Combine(archive, "wal")).Where(f => Path.GetExtension(f) == "").Order().Select(StoredFile.Hash)];
    }

    /// <returns>The archive that a cluster writes, other than one that it must not continue.</returns>
    private static async Task<string> RunAsync(TestFolder folder, BackupSettings settings, Func<PostgresCluster, Task> use, string not)
    {
        await using var cluster = await folder.StartAsync();
        await using var backups = Start(cluster, settings);
        await Poll.UntilAsync(
            () => backups.Status is { Archive: not null, Path: { } path } && path != not,
            TimeSpan.FromSeconds(20),
            TestContext.Current.CancellationToken);
        await use(cluster);
        return backups.Status.Path!;
    }

    private static async Task WriteThreeFilesAsync(PostgresCluster cluster)
    {
        for (var i = 0; i < 3; i++)
        {
            await Sql.ExecuteAsync(cluster, "postgres", "select pg_logical_emit_message(false, '', 'a'), pg_switch_wal()");
        }
    }

    private static ClusterBackups Start(PostgresCluster cluster, BackupSettings settings) =>
        ClusterBackups.Start(cluster, settings, TimeSpan.MaxValue, _ => { }, _ => { });

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
        RetryDelay = TimeSpan.FromMilliseconds(20),
        Describe = (_, _) => Task.FromResult(new BackupFacts(0, 0, new Dictionary<string, string>(), null)),
    };
}
