using Banking.EmbeddedPostgres.Backups;

namespace Banking.EmbeddedPostgres.Tests;

/// <summary>A lost cluster is restored from its archive alone.</summary>
public sealed class RestoreTests(BackedUpCluster bank) : IClassFixture<BackedUpCluster>
{
    [Fact]
    public async Task The_latest_state_has_the_commits_behind_the_base_backup()
    {
        using var folder = new TestFolder();

        var restored = await RestoreAsync(new RestoreTarget.Latest(), folder);

        Assert.Equal(6, restored.LastPosition);
        Assert.Equal(3, restored.Base.Bank.LastPosition);
        await using var cluster = await folder.StartAsync();
        Assert.Equal(false, await Sql.ScalarAsync(cluster, "postgres", "select pg_is_in_recovery()"));
        Assert.Equal("00000002", await Sql.ScalarAsync(cluster, "postgres", "select left(pg_walfile_name(pg_current_wal_lsn()), 8)"));
    }

    [Fact]
    public async Task A_time_has_the_commits_up_to_it()
    {
        using var folder = new TestFolder();
        Assert.Equal(4, (await RestoreAsync(new RestoreTarget.AtTime(bank.AfterFour), folder)).LastPosition);
    }

    [Fact]
    public async Task A_time_after_the_last_commit_is_reached_too()
    {
        using var folder = new TestFolder();
        Assert.Equal(6, (await RestoreAsync(new RestoreTarget.AtTime(bank.AfterSix), folder)).LastPosition);
    }

    [Fact]
    public async Task A_position_is_the_last_one_of_the_restored_log()
    {
        using var folder = new TestFolder();

        Assert.Equal(5, (await RestoreAsync(new RestoreTarget.AtPosition(5), folder)).LastPosition);
        Assert.Equal([folder.Data], Directory.GetDirectories(Path.GetDirectoryName(folder.Data)!));
    }

    [Fact]
    public async Task A_target_outside_of_the_archive_is_refused()
    {
        await AssertRefusedAsync("The first backup ends at position 3.", new RestoreTarget.AtPosition(3));
        await AssertRefusedAsync("The archive ends at position 6.", new RestoreTarget.AtPosition(7));
        await AssertRefusedAsync("The first backup ends at 20", new RestoreTarget.AtTime(bank.AfterFour.AddHours(-1)));
        await AssertRefusedAsync("The archive ends at 20", new RestoreTarget.AtTime(bank.AfterFour.AddHours(1)));

        async Task AssertRefusedAsync(string reason, RestoreTarget target) =>
            Assert.StartsWith(reason, await RefusalAsync(target), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_folder_that_is_not_empty_is_left_as_it_is()
    {
        using var folder = new TestFolder();
        Directory.CreateDirectory(folder.Data);
        await File.WriteAllTextAsync(Path.Combine(folder.Data, "mine"), "kept", TestContext.Current.CancellationToken);

        var refused = await Assert.ThrowsAsync<BackupException>(() => RestoreAsync(new RestoreTarget.Latest(), folder));

        Assert.Contains("is not empty", refused.Message, StringComparison.Ordinal);
        Assert.Equal([Path.Combine(folder.Data, "mine")], Directory.GetFileSystemEntries(folder.Data));
    }

    [Fact]
    public async Task A_restore_that_was_killed_leaves_a_folder_in_which_no_cluster_starts()
    {
        using var folder = new TestFolder();
        var restored = new RestoredFolder(folder.Data);
        var ct = TestContext.Current.CancellationToken;
        await restored.BeginAsync(ct);
        Assert.Contains("unfinished restore", await folder.RefusalAsync(), StringComparison.Ordinal);

        var (state, manifest) = (bank.Archive.ReadState(), bank.Archive.ReadBases()[^1]);
        await restored.FillAsync(bank.Archive, manifest, bank.Archive.FilesFrom(manifest.StartAt, state).Files, state.SegmentBytes, ct);

        Assert.Contains("unfinished restore", await folder.RefusalAsync(), StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(folder.Data, "server.log")));
    }

    [Fact]
    public async Task A_damaged_backup_is_refused_with_the_file_that_is_wrong()
    {
        var label = Assert.Single(bank.Archive.ReadBases()).Label;
        var manifest = bank.Archive.ManifestPath(label);
        var firstLog = Directory.GetFiles(bank.Archive.WalFolder)
            .Order(StringComparer.Ordinal)
            .First(f => Path.GetExtension(f).Length == 0);
        foreach (var file in (string[])[Path.Combine(bank.Archive.DataOf(label), "PG_VERSION"), manifest, firstLog])
        {
            Assert.Contains($"{file} is damaged", await RefusalWithAsync(file, Damage), StringComparison.Ordinal);
            Assert.Contains(
                file == manifest ? "no complete base backup" : $"{file} is missing",
                await RefusalWithAsync(file, File.Delete),
                StringComparison.Ordinal);
        }

        static void Damage(string file)
        {
            var bytes = File.ReadAllBytes(file);
            bytes[0] ^= 1;
            File.WriteAllBytes(file, bytes);
        }
    }

    private async Task<RestoreResult> RestoreAsync(RestoreTarget target, TestFolder folder) =>
        await ClusterRestore.RunAsync(bank.Request(target, folder.Data), TestContext.Current.CancellationToken);

    private async Task<string> RefusalAsync(RestoreTarget target)
    {
        using var folder = new TestFolder();
        var refused = await Assert.ThrowsAsync<BackupException>(() => RestoreAsync(target, folder));
        Assert.False(Directory.Exists(folder.Data));
        return refused.Message;
    }

    private async Task<string> RefusalWithAsync(string file, Action<string> damage)
    {
        var original = await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken);
        try
        {
            damage(file);
            return await RefusalAsync(new RestoreTarget.Latest());
        }
        finally
        {
            await File.WriteAllBytesAsync(file, original, TestContext.Current.CancellationToken);
        }
    }
}
