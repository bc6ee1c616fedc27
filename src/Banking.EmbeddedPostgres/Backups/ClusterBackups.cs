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
        ArgumentNullException.ThrowIfNull(cluster);
        ArgumentNullException.ThrowIfNull(settings);
        return new(cluster, settings, firstAfter, log, warn);
    }

    public BackupStatus Status => _progress.Status;

    /// <summary>Lets a cluster that is not backed up any more forget what it kept for its archive.</summary>
    public static async Task ForgetAsync(PostgresCluster cluster, string database, CancellationToken ct = default)
    {
        ArgumentNullException.ThrowIfNull(cluster);
        await using var connection = await cluster.OpenAsync(database, ct);
        await WalArchiver.DropSlotAsync(connection, ct);
    }

    /// <summary>Takes a base backup now and waits for it.</summary>
    /// <exception cref="BackupException">It failed.</exception>
    public Task<BackupManifest> TakeAsync(CancellationToken ct = default) => _progress.RequestAsync(ct);

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
        using var archiver = await WalArchiver.OpenAsync(_cluster, owner, _stored, connection, stopping);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        Task? backup = null;
        try
        {
            for (var written = DateTimeOffset.MinValue; ;)
            {
                FreeSpace.Require(archive.Path, _settings.MinFreeBytes);
                server = await ServerLocation.ReadAsync(connection, stopping);
                await archiver.CopyAsync(server, stopping);
                if (server.At - written >= StateInterval || backup is not null)
                {
                    await WriteStateAsync(archiver, server, owner, connection, stopping);
                    written = server.At;
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
            await CopyRestAsync(archiver, owner, connection, stopping);
        }
    }

    /// <summary>Copies the log of the last commands when the host stops.</summary>
    private async Task CopyRestAsync(
        WalArchiver archiver, ArchiveOwner owner, NpgsqlConnection connection, CancellationToken stopping)
    {
        if (stopping.IsCancellationRequested)
        {
            var server = await ServerLocation.ReadAsync(connection, CancellationToken.None);
            await archiver.CopyAsync(server, CancellationToken.None);
            await WriteStateAsync(archiver, server, owner, connection, CancellationToken.None);
        }
    }

    private async Task WriteStateAsync(
        WalArchiver archiver, ServerLocation server, ArchiveOwner owner, NpgsqlConnection connection, CancellationToken ct)
    {
        // Read after the copy, these facts could be of commits that the archive lacks. So they are those of the time before.
        var position = _progress.Position;
        var facts = await _settings.Describe(connection, ct);
        var state = new ArchiveState(
            server.SystemIdentifier, server.Timeline, server.SegmentBytes, owner.Token, Wal.Format(archiver.End), server.At, position);
        owner.Check();
        _stored.WriteJson(owner.Archive.StatePath, state);
        await archiver.AdvanceSlotAsync(connection, ct);
        _progress.Archived(owner.Archive, state, facts.LastPosition);
    }

    private async Task TakeAsync(ArchiveFolder archive, CancellationToken ct)
    {
        try
        {
            FreeSpace.Require(archive.Path, _settings.MinFreeBytes + FreeSpace.Used(_cluster.Home.Cluster));
            var manifest = await new BaseBackup(_cluster, archive, _stored, _settings).TakeAsync(_progress.WaitForLogAsync, ct);
            archive.DeleteOld(_settings.Keep);
            _progress.Taken(archive, manifest);
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            _progress.FailBase(failure);
        }
        catch (OperationCanceledException)
        {
            _progress.FailBase(new BackupException("The backup was stopped with its host."));
        }
    }

    private void CreateFolders(ArchiveFolder archive)
    {
        foreach (var folder in (string[])[archive.Path, archive.WalFolder, archive.BaseFolder])
        {
            _stored.CreateFolder(folder);
        }

        Unix.SyncFolder(_settings.Folder);
        Unix.SyncFolder(archive.Path);
    }
}
