namespace Banking.EmbeddedPostgres.Backups;

/// <summary>The folder of a cluster that is being restored.</summary>
internal sealed class RestoredFolder(string into)
{
    private ClusterHome? _home;

    public string Path => into;

    /// <summary>Marks the folder, so that no host creates an empty bank in it before the restore is finished.</summary>
    public async Task BeginAsync(CancellationToken ct)
    {
        Directory.CreateDirectory(into);
        using var held = await FolderLock.TakeAsync(RealPath.Resolve(into), ct);
        var home = await ClusterHome.ResolveAsync(RealPath.Resolve(into), ct);
        if (Directory.Exists(home.Cluster) && !home.IsOrphaned)
        {
            throw new BackupException($"{home.Cluster} has a cluster already. A restore needs a new folder.");
        }

        // The home may be that of a data folder that was deleted by hand.
        home.Wipe();
        new StoredFile(home.Launcher.Account).WriteText(home.UnfinishedRestore, "The restore into this folder is not finished.\n");
        _home = home;
    }

    /// <summary>Reserves the space that a base backup and the log behind it take.</summary>
    /// <exception cref="BackupException">The disk has too little free space.</exception>
    public SpaceReservation Reserve(ArchiveFolder archive, BackupManifest chosen, int logFiles, long segmentBytes, long minFreeBytes)
    {
        var needed = Needs(into, _home!.Folder, SpaceFor(chosen, logFiles, segmentBytes));
        return SpaceReservation.TakeIfFree(archive, needed, _home.Folder, minFreeBytes);
    }

    /// <summary>Copies a base backup and the log behind it, and checks the hash of each file.</summary>
    /// <exception cref="BackupException">A file is damaged.</exception>
    public async Task FillAsync(
        ArchiveFolder archive, BackupManifest chosen, IReadOnlyList<string> log, long segmentBytes, CancellationToken ct)
    {
        using var held = await FolderLock.TakeAsync(RealPath.Resolve(into), ct);
        var stored = new StoredFile(_home!.Launcher.Account);
        var data = _home.Unfinished;
        stored.CreateFolder(data);
        await CopyBaseAsync(archive, chosen, data, stored, ct);

        foreach (var file in log)
        {
            await CopyLogAsync(file, System.IO.Path.Combine(data, "pg_wal"), segmentBytes, stored, ct);
        }

        await using (stored.Create(System.IO.Path.Combine(data, "recovery.signal")))
        {
            // An empty file tells PostgreSQL to replay the log.
        }

        Directory.Move(data, _home.Cluster);
    }

    /// <summary>The bytes that a base backup and the log behind it take. Replaying the log may add as much data as the log has.</summary>
    public static long SpaceFor(BackupManifest chosen, int logFiles, long segmentBytes) =>
        chosen.Files.Sum(f => f.Bytes) + (2 * logFiles * segmentBytes);

    /// <param name="home">A folder on the disk that the restored cluster will be on.</param>
    public static NeededSpace Needs(string into, string home, long bytes) =>
        new($"the restore into {into} that is running", into, home, bytes);

    /// <summary>Declares the restore finished: from now on a host may start the cluster.</summary>
    public void Finish()
    {
        File.Delete(_home!.UnfinishedRestore);
        Unix.SyncFolder(into);
    }

    /// <summary>Finds what was restored before.</summary>
    public async Task FindAsync(CancellationToken ct) => _home = await ClusterHome.ResolveAsync(RealPath.Resolve(into), ct);

    /// <summary>Deletes what was restored. The folder is new, so nothing else is in it.</summary>
    public void Delete()
    {
        if (_home is { IsRelocated: true })
        {
            Directory.Delete(_home.Folder, recursive: true);
        }

        if (_home is not null)
        {
            Directory.Delete(into, recursive: true);
            _home = null;
        }
    }

    private static async Task CopyBaseAsync(
        ArchiveFolder archive, BackupManifest chosen, string data, StoredFile stored, CancellationToken ct)
    {
        foreach (var folder in chosen.Folders)
        {
            stored.CreateFolder(System.IO.Path.Combine(data, folder));
        }

        try
        {
            foreach (var file in chosen.Files)
            {
                var from = System.IO.Path.Combine(archive.DataOf(chosen.Label), file.Path);
                if (await CopyAsync(from, System.IO.Path.Combine(data, file.Path), stored, ct) != file.Sha256)
                {
                    throw StoredFile.Damaged(from);
                }
            }
        }
        catch (BackupException damaged)
        {
            throw new BackupException(damaged.Message, damaged) { IsBaseDamaged = true };
        }
    }

    private static async Task CopyLogAsync(string file, string target, long segmentBytes, StoredFile stored, CancellationToken ct)
    {
        // Meanwhile the host may have completed the last file.
        file = File.Exists(file) ? file : System.IO.Path.ChangeExtension(file, null);
        var isPartial = file.EndsWith(ArchiveFolder.Partial, StringComparison.Ordinal);
        var name = isPartial ? System.IO.Path.GetFileNameWithoutExtension(file) : System.IO.Path.GetFileName(file);
        if (!isPartial)
        {
            StoredFile.CheckHash(file);
        }

        await CopyAsync(file, System.IO.Path.Combine(target, name), stored, ct);
        // PostgreSQL reads whole files only. Behind the end of the log there are zeros.
        await using var whole = new FileStream(System.IO.Path.Combine(target, name), FileMode.Open, FileAccess.Write);
        whole.SetLength(segmentBytes);
    }

    private static async Task<string> CopyAsync(string from, string to, StoredFile stored, CancellationToken ct)
    {
        try
        {
            await using var source = File.OpenRead(from);
            await using var target = stored.Create(to);
            return (await HashedCopy.RunAsync(source, target, ct)).Hash;
        }
        catch (Exception missing) when (missing is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new BackupException($"{from} is missing, so this backup is damaged. Use another backup.", missing);
        }
    }
}
