using Npgsql;

namespace Banking.EmbeddedPostgres.Backups;

/// <summary>
/// Archives the log of a running cluster each second, and takes base backups when they are due, until it is disposed.
/// </summary>
public sealed class ClusterBackups : IAsyncDisposable
{
    private static readonly TimeSpan StateInterval = TimeSpan.FromSeconds(5);

    private readonly PostgresCluster _cluster;
    private readonly BackupSettings _settings;
    private readonly BackupProgress _progress;
    private readonly StoredFile _stored;
    private readonly Action<string> _warn;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _run;

    private ClusterBackups(
        PostgresCluster cluster, BackupSettings settings, TimeSpan firstAfter, Action<string> log, Action<string> warn)
    {
        (_cluster, _settings, _stored, _warn) = (cluster, settings, new(cluster.Home.Launcher.Account), warn);
        _progress = new(settings, firstAfter, log, warn);
        _run = Task.Run(RunAsync);
    }

    /// <param name="firstAfter">Delay of the first base backup, so that a short run of a host makes none.</param>
    /// <param name="warn">Receives failures.</param>
    public static ClusterBackups Start(
        PostgresCluster cluster, BackupSettings settings, TimeSpan firstAfter, Action<string> log, Action<string> warn)
    {
        return new(cluster, settings, firstAfter, log, warn);
    }

    public BackupStatus Status => _progress.Status;

    /// <summary>Lets a cluster that is not backed up any more forget what it kept for its archive.</summary>
    public static async Task ForgetAsync(PostgresCluster cluster, string database, CancellationToken ct = default)
    {
        await using var connection = await cluster.OpenAsync(database, ct);
        await WalArchiver.DropSlotAsync(connection, ct);
    }

    /// <summary>Begins a base backup. False if one is running.</summary>
    public bool TryRequest() => _progress.TryRequest();

    /// <summary>Takes a base backup now and waits for it.</summary>
    /// <exception cref="BackupException">It failed.</exception>
    public Task<BackupManifest> TakeAsync(CancellationToken ct = default) => _progress.RequestAsync(ct);

    /// <summary>Reserves the space that a restore of the newest state needs.</summary>
    /// <param name="into">The folder of the restored cluster, which is in the data folder of this one.</param>
    /// <returns>
    /// Null if there is nothing to restore, or while a base backup is running, which takes space that the restore would count as free.
    /// </returns>
    public SpaceReservation? TryReserve(string into)
    {
        if (Status is not { Path: { } path, Archive: { } state, Bases: [.., var newest] })
        {
            return null;
        }

        var archive = ArchiveFolder.Find(path);
        var (log, _) = archive.FilesFrom(newest.StartAt, state);
        return TryReserve(archive, into, RestoredFolder.SpaceFor(newest, log.Count, state.SegmentBytes));
    }

    internal SpaceReservation? TryReserve(ArchiveFolder archive, string into, long bytes)
    {
        var reservation = SpaceReservation.Take(archive, RestoredFolder.Needs(into, _cluster.Home.Folder, bytes));
        // Looked at last: a base backup that begins after this finds the reservation.
        if (reservation.IsTaken && !Status.IsRunning)
        {
            return reservation;
        }

        reservation.Dispose();
        return null;
    }

    /// <summary>Copies what is left of the log, and stops. A base backup that is running is dropped.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_stop.IsCancellationRequested)
        {
            await _stop.CancelAsync();
            await _run;
            _stop.Dispose();
        }
    }

    private async Task RunAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                await ArchiveAsync(_stop.Token);
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception failure)
            {
                _progress.Fail(failure);
                // The delay ends with the host.
                await Task.Delay(_settings.RetryDelay, _stop.Token).ContinueWith(_ => { }, TaskScheduler.Default);
            }
        }
    }

    private async Task ArchiveAsync(CancellationToken stopping)
    {
        await using var connection = await _cluster.OpenAsync(_settings.Database, stopping);
        var server = await ServerLocation.ReadAsync(connection, stopping);
        Directory.CreateDirectory(_settings.Folder);
        var owner = ArchiveOwner.Claim(_settings.Folder, _cluster.Home.Folder, server, _stored, _warn);
        var archive = owner.Archive;
        CreateFolders(archive);
        _progress.Open(archive);
        await RequireSpaceAsync(archive, connection, stopping);
        using var archiver = await WalArchiver.OpenAsync(_cluster, owner, _stored, connection, stopping);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        Task? backup = null;
        try
        {
            for (var written = DateTimeOffset.MinValue; ;)
            {
                await RequireSpaceAsync(archive, connection, stopping);
                if (server.At - written >= StateInterval || backup is not null)
                {
                    server = await CopyWithStateAsync(archiver, owner, connection, stopping);
                    written = server.At;
                }
                else
                {
                    server = await ServerLocation.ReadAsync(connection, stopping);
                    await archiver.CopyAsync(server, stopping);
                }

                if (backup is { IsCompleted: true })
                {
                    await backup;
                    backup = null;
                }

                backup ??= _progress.IsDue(archive) ? TakeAsync(archive, ended.Token) : null;
                await Task.Delay(_settings.CopyInterval, stopping);
            }
        }
        finally
        {
            await ended.CancelAsync();
            await (backup ?? Task.CompletedTask).ContinueWith(_ => { }, TaskScheduler.Default);
            if (stopping.IsCancellationRequested)
            {
                // The log of the last commands before the host stopped.
                await CopyWithStateAsync(archiver, owner, connection, CancellationToken.None);
            }
        }
    }

    /// <summary>
    /// The bank comes before its backups. When space is low, only the newest base backup stays. If that is not enough and the bank is on
    /// the same disk, the server stops keeping log for the archive, which gets a gap.
    /// </summary>
    /// <exception cref="BackupException">There is too little free space.</exception>
    private async Task RequireSpaceAsync(ArchiveFolder archive, NpgsqlConnection connection, CancellationToken ct)
    {
        if (FreeSpace.Has(archive.Path, _settings.MinFreeBytes))
        {
            return;
        }

        archive.DeleteOld(keep: 1, TimeSpan.Zero);
        if (!FreeSpace.Has(archive.Path, _settings.MinFreeBytes) && FreeSpace.IsSameDisk(archive.Path, _cluster.Home.Cluster))
        {
            await WalArchiver.DropSlotAsync(connection, ct);
        }

        FreeSpace.Require(archive.Path, _settings.MinFreeBytes);
    }

    /// <summary>Copies the log, and writes how far the archive reaches.</summary>
    private async Task<ServerLocation> CopyWithStateAsync(
        WalArchiver archiver, ArchiveOwner owner, NpgsqlConnection connection, CancellationToken ct)
    {
        // Read before the end of the log, so that the archive has all commits that these facts are about.
        var facts = await _settings.Describe(connection, ct);
        var server = await ServerLocation.ReadAsync(connection, ct);
        await archiver.CopyAsync(server, ct);
        var state = new ArchiveState(
            server.SystemIdentifier,
            server.Timeline,
            server.SegmentBytes,
            owner.Token,
            Wal.Format(archiver.End),
            server.At,
            facts.LastPosition);
        owner.Check();
        _stored.WriteJson(owner.Archive.StatePath, state);
        await archiver.AdvanceSlotAsync(connection, ct);
        _progress.Archived(owner.Archive, state);
        return server;
    }

    private async Task TakeAsync(ArchiveFolder archive, CancellationToken ct)
    {
        try
        {
            archive.DeleteUnfinished();
            using var space = ReserveForBase(archive);
            var manifest = await new BaseBackup(_cluster, archive, _stored, _settings).TakeAsync(_progress.WaitForLogAsync, ct);
            archive.DeleteOld(_settings.Keep, _settings.KeepFor);
            _progress.Taken(archive, manifest);
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            _progress.FailBase(failure);
            archive.DeleteUnfinished();
        }
        catch (OperationCanceledException)
        {
            _progress.FailBase(new BackupException("The backup was stopped with its host."));
        }
    }

    /// <exception cref="BackupException">There is too little free space for the backup and for restores that are running.</exception>
    private SpaceReservation ReserveForBase(ArchiveFolder archive) => SpaceReservation.TakeIfFree(
        archive,
        new(
            $"the base backup in {archive.BaseFolder} that is running",
            archive.BaseFolder,
            archive.Path,
            FreeSpace.Used(_cluster.Home.Cluster),
            FreeSpace.Used(archive.BaseFolder)),
        archive.Path,
        _settings.MinFreeBytes);

    private void CreateFolders(ArchiveFolder archive)
    {
        foreach (var folder in (string[])[archive.Path, archive.WalFolder, archive.BaseFolder])
        {
            _stored.CreateFolder(folder);
        }

        if (!File.Exists(archive.LockPath))
        {
            _stored.Create(archive.LockPath).Dispose();
        }

        Unix.SyncFolder(_settings.Folder);
        Unix.SyncFolder(archive.Path);
    }
}
