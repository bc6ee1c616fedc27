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

        Assert.Equal(7, restored.LastPosition);
        Assert.Equal(7, bank.Archive.ReadState().LastPosition);
        Assert.Empty(restored.Problems);
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
        Assert.Equal(7, (await RestoreAsync(new RestoreTarget.AtTime(bank.AfterSeven), folder)).LastPosition);
    }

    [Fact]
    public async Task A_position_has_the_commits_up_to_its_own_and_not_a_lower_position_that_was_committed_later()
    {
        using var folder = new TestFolder();

        Assert.Equal(7, (await RestoreAsync(new RestoreTarget.AtPosition(7), folder)).LastPosition);
        Assert.Equal([folder.Data], Directory.GetDirectories(Path.GetDirectoryName(folder.Data)!));
        await using var cluster = await folder.StartAsync();
        Assert.Equal(0L, await Sql.ScalarAsync(cluster, "postgres", "select count(*) from log where seq_id = 6"));
    }

    [Fact]
    public async Task A_target_outside_of_the_archive_is_refused()
    {
        await AssertRefusedAsync("The first backup ends at position 3.", new RestoreTarget.AtPosition(3));
        await AssertRefusedAsync("The archive ends at position 7.", new RestoreTarget.AtPosition(8));
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
    public async Task A_restore_that_would_leave_too_little_free_space_is_refused_before_it_copies_a_file()
    {
        foreach (var target in (RestoreTarget[])[new RestoreTarget.Latest(), new RestoreTarget.AtPosition(7)])
        {
            Assert.Contains("of free space and needs", await RefusalAsync(target, minFreeBytes: 1L << 60), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_restore_leaves_the_space_that_another_process_has_reserved_until_that_is_killed()
    {
        using var folder = new TestFolder();
        var into = Path.Combine(folder.Sub("other"), "postgres");
        using (var other = await OtherRestore.StartAsync(bank.Archive, into, 1L << 60))
        {
            Assert.Contains(
                $"MB are reserved for the restore into {into} that is running.",
                await RefusalAsync(new RestoreTarget.Latest()),
                StringComparison.Ordinal);
            other.Kill();
        }

        string[] during = [];
        var request = bank.Request(new RestoreTarget.Latest(), folder.Data);
        await ClusterRestore.RunAsync(
            request with
            {
                ReadLastPosition = (connection, ct) =>
                {
                    during = [.. Reservations().Select(File.ReadAllText)];
                    return request.ReadLastPosition(connection, ct);
                },
            },
            TestContext.Current.CancellationToken);

        Assert.Contains(folder.Data, Assert.Single(during), StringComparison.Ordinal);
        Assert.Empty(Reservations());

        string[] Reservations() => Directory.GetFiles(bank.Archive.Path, "*" + SpaceReservation.Suffix);
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
    public async Task A_damaged_base_backup_is_replaced_by_an_older_one_and_log_that_is_missing_is_reported()
    {
        var (archive, stored) = (bank.Archive, new StoredFile(null));
        var (state, manifest) = (archive.ReadState(), Assert.Single(archive.ReadBases()));
        var newest = manifest with { Label = "99990101T000000.000Z" };
        try
        {
            stored.CreateFolder(archive.FolderOf(newest.Label));
            stored.WriteJson(archive.ManifestPath(newest.Label), newest);
            stored.WriteHash(archive.ManifestPath(newest.Label), StoredFile.Hash(archive.ManifestPath(newest.Label)));
            // The host was killed before it wrote how far the log reaches, and the last event is not in the log.
            stored.WriteJson(archive.StatePath, state with { End = manifest.Stop, LastPosition = 8 });
            using var folder = new TestFolder();

            var restored = await RestoreAsync(new RestoreTarget.AtTime(bank.AfterSeven), folder);

            Assert.Equal((manifest.Label, 7), (restored.Base.Label, restored.LastPosition));
            Assert.Equal(
                [
                    $"The base backup {newest.Label} is damaged or lacks log; an older one was used.",
                    "The restored log ends at position 7, the archive at 8: its last log file is damaged.",
                ],
                restored.Problems);
        }
        finally
        {
            stored.WriteJson(archive.StatePath, state);
            Directory.Delete(archive.FolderOf(newest.Label), recursive: true);
        }
    }

    [Fact]
    public void The_log_up_to_a_gap_is_used_with_the_partial_file_before_it_and_a_gap_is_a_problem()
    {
        var (archive, segment) = (bank.Archive, bank.Archive.ReadState().SegmentBytes);
        var (state, manifest) = (archive.ReadState(), Assert.Single(archive.ReadBases()));
        var beyond = state with { End = Wal.Format(state.EndLocation + (3 * (ulong)segment)) };

        var (files, missing) = archive.FilesFrom(manifest.StartAt, beyond);

        Assert.EndsWith(ArchiveFolder.Partial, files[^1], StringComparison.Ordinal);
        Assert.Equal(files[^1], missing + ArchiveFolder.Partial);
        var progress = new BackupProgress(bank.Settings, TimeSpan.MaxValue, _ => { }, _ => { });
        progress.Open(archive);
        progress.Archived(archive, beyond);
        Assert.True(progress.IsDue(archive));
        Assert.Contains("gap", progress.Status.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_position_before_a_gap_in_the_log_is_restored_and_one_behind_it_is_refused()
    {
        var log = Directory.GetFiles(bank.Archive.WalFolder).Where(f => Path.GetExtension(f) is "" or ArchiveFolder.Partial)
            .Order(StringComparer.Ordinal).ToList();
        await WithoutAsync(log[^1], async () =>
        {
            using var folder = new TestFolder();
            Assert.Equal(4, (await RestoreAsync(new RestoreTarget.AtPosition(4), folder)).LastPosition);
            Assert.Contains("it ends at position 4", await RefusalAsync(new RestoreTarget.AtPosition(5)), StringComparison.Ordinal);
        });
        await WithoutAsync(log[0], async () =>
        {
            foreach (var target in (RestoreTarget[])[new RestoreTarget.AtPosition(4), new RestoreTarget.AtTime(bank.AfterFour)])
            {
                Assert.EndsWith(
                    $"{log[0]} is missing, and the base backup {bank.Archive.ReadBases()[0].Label} needs it.",
                    await RefusalAsync(target),
                    StringComparison.Ordinal);
            }
        });

        static async Task WithoutAsync(string file, Func<Task> use)
        {
            File.Move(file, file + ".away");
            try
            {
                await use();
            }
            finally
            {
                File.Move(file + ".away", file);
            }
        }
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

    private async Task<RestoreResult> RestoreAsync(RestoreTarget target, TestFolder folder, long minFreeBytes = 0) =>
        await ClusterRestore.RunAsync(
            bank.Request(target, folder.Data) with { MinFreeBytes = minFreeBytes }, TestContext.Current.CancellationToken);

    private async Task<string> RefusalAsync(RestoreTarget target, long minFreeBytes = 0)
    {
        using var folder = new TestFolder();
        var refused = await Assert.ThrowsAsync<BackupException>(() => RestoreAsync(target, folder, minFreeBytes));
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
