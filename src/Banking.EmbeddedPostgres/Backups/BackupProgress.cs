using System.Globalization;

namespace Banking.EmbeddedPostgres.Backups;

/// <summary>The state of the backups of a cluster.</summary>
/// <param name="Path">The folder of the archive. Null until it was opened for the first time.</param>
/// <param name="Archive">Null until the archive was written for the first time.</param>
/// <param name="Bases">The finished base backups, the oldest first.</param>
/// <param name="HasGap">Whether log is missing behind the newest base backup, so that no state after that can be restored.</param>
/// <param name="Problem">Why the log is not archived or has a gap, or why the last base backup failed. Null if none of these.</param>
public sealed record BackupStatus(
    string Folder,
    string? Path,
    ArchiveState? Archive,
    IReadOnlyList<BackupManifest> Bases,
    bool IsRunning,
    bool HasGap,
    string? Problem);

/// <summary>What the backups of a cluster have done, and what is due.</summary>
internal sealed class BackupProgress(BackupSettings settings, TimeSpan firstAfter, Action<string> log, Action<string> warn)
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromMinutes(1);

    private const string Gap =
        "The log behind the last base backup has a gap: states after it can be restored only once the next base backup is complete.";

    private readonly Lock _lock = new();
    private readonly long _startedAt = TimeProvider.System.GetTimestamp();
    private TaskCompletionSource<BackupManifest>? _requested;
    private TaskCompletionSource<ulong> _archived = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private IReadOnlyList<BackupManifest>? _bases;
    private string? _path;
    private ArchiveState? _state;
    private bool? _hasGap;
    private bool _isRunning;
    private string? _problem;
    private string? _baseProblem;
    private long? _baseFailedAt;

    public BackupStatus Status
    {
        get
        {
            lock (_lock)
            {
                var problem = _problem ?? _baseProblem ?? (_hasGap == true ? Gap : null);
                return new(
                    settings.Folder, _path, _state, _bases ?? [], _isRunning || _requested is not null, _hasGap == true, problem);
            }
        }
    }

    /// <summary>The archive is opened, for the first time or after a failure: it may have a gap, or be another one than before.</summary>
    public void Open(ArchiveFolder archive)
    {
        var state = File.Exists(archive.StatePath) ? archive.ReadState() : null;
        lock (_lock)
        {
            (_path, _state, _hasGap, _bases) = (archive.Path, state, null, null);
        }
    }

    public async Task<BackupManifest> RequestAsync(CancellationToken ct)
    {
        Task<BackupManifest> request;
        lock (_lock)
        {
            request = (_requested ??= new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }

        return await request.WaitAsync(ct);
    }

    /// <summary>Requests a base backup, unless one is running or requested.</summary>
    public bool TryRequest()
    {
        lock (_lock)
        {
            if (_isRunning || _requested is not null)
            {
                return false;
            }

            _requested = new(TaskCreationOptions.RunContinuationsAsynchronously);
            // No caller waits: a failure is in the status.
            _requested.Task.ContinueWith(t => t.Exception, TaskContinuationOptions.OnlyOnFaulted);
            return true;
        }
    }

    /// <summary>Whether a base backup is to be taken now. If so, it counts as running.</summary>
    public bool IsDue(ArchiveFolder archive)
    {
        lock (_lock)
        {
            var isDue = _state is not null && (_requested is not null || (IsDueByItself(archive, _state) && !WaitsAfterFailure()));
            _isRunning |= isDue;
            return isDue;
        }
    }

    public void Archived(ArchiveFolder archive, ArchiveState state)
    {
        TaskCompletionSource<ulong> waiting;
        lock (_lock)
        {
            (_state, _problem) = (state, null);
            if (_bases is null)
            {
                ReadBases(archive);
            }

            (waiting, _archived) = (_archived, new(TaskCreationOptions.RunContinuationsAsynchronously));
        }

        waiting.SetResult(state.EndLocation);
    }

    public async Task WaitForLogAsync(ulong location, CancellationToken ct)
    {
        while (true)
        {
            Task<ulong> next;
            lock (_lock)
            {
                if (_state?.EndLocation >= location)
                {
                    return;
                }

                next = _archived.Task;
            }

            await next.WaitAsync(ct);
        }
    }

    public void Taken(ArchiveFolder archive, BackupManifest manifest)
    {
        TaskCompletionSource<BackupManifest>? requested;
        lock (_lock)
        {
            (_isRunning, _hasGap, _baseProblem, _baseFailedAt) = (false, false, null, null);
            ReadBases(archive);
            (requested, _requested) = (_requested, null);
        }

        log(string.Create(
            CultureInfo.InvariantCulture,
            $"Base backup {manifest.Label} is complete: {manifest.Files.Sum(f => f.Bytes) >> 20:N0} MB in {archive.Path}."));
        requested?.TrySetResult(manifest);
    }

    public void FailBase(Exception failure)
    {
        TaskCompletionSource<BackupManifest>? requested;
        lock (_lock)
        {
            (_isRunning, _baseFailedAt) = (false, TimeProvider.System.GetTimestamp());
            _baseProblem = $"The last base backup failed: {failure.Message}";
            (requested, _requested) = (_requested, null);
        }

        warn($"The base backup failed: {failure.Message}");
        requested?.TrySetException(failure as BackupException ?? new BackupException(failure.Message, failure));
    }

    public void Fail(Exception failure)
    {
        var problem = $"The log is not archived: {failure.Message}";
        TaskCompletionSource<BackupManifest>? requested;
        bool isNew;
        lock (_lock)
        {
            (isNew, _problem) = (_problem != problem, problem);
            (requested, _requested) = (_requested, null);
        }

        if (isNew)
        {
            warn(problem);
        }

        // Without the log a base backup is of no use.
        requested?.TrySetException(new BackupException(problem, failure));
    }

    private void ReadBases(ArchiveFolder archive)
    {
        (_bases, var problems) = archive.ReadUsableBases();
        _baseProblem ??= problems is [var first, ..] ? first : null;
    }

    private bool WaitsAfterFailure() => _baseFailedAt is { } at && TimeProvider.System.GetElapsedTime(at) < RetryAfter;

    private bool IsDueByItself(ArchiveFolder archive, ArchiveState state)
    {
        if (_bases is not [.., var last])
        {
            return TimeProvider.System.GetElapsedTime(_startedAt) >= firstAfter;
        }

        return state.EndAt - last.FinishedAt >= settings.Interval
            || (long)(state.EndLocation - last.StartAt) > Math.Max(settings.MaxWalBytes, last.Files.Sum(f => f.Bytes))
            || (_hasGap ??= archive.FilesFrom(last.StartAt, state).Missing is not null);
    }
}
