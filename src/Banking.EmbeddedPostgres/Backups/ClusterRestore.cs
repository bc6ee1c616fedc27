namespace Banking.EmbeddedPostgres.Backups;

/// <summary>
/// Restores a cluster from an archive into a new folder: copies a base backup and the log behind it, and lets PostgreSQL replay the log up
/// to the target. The restored cluster begins a new timeline. What a failed restore has made is deleted again.
/// </summary>
public static class ClusterRestore
{
    /// <exception cref="BackupException">
    /// The target cannot be reached, the backup is damaged, the folder is not empty, or its disk has too little free space.
    /// </exception>
    public static async Task<RestoreResult> RunAsync(RestoreRequest request, CancellationToken ct)
    {
        using var held = request.Archive.Hold();
        var state = request.Archive.ReadState();
        var (bases, problems) = request.Archive.ReadUsableBases();
        if (bases.Count == 0 && problems is [var damaged, ..])
        {
            throw new BackupException(damaged);
        }

        var (candidates, recovery) = RestoreChoice.Of(request, state, bases);
        if (Directory.Exists(request.Into) && Directory.EnumerateFileSystemEntries(request.Into).Any())
        {
            throw new BackupException($"{request.Into} is not empty. A restore needs a new folder.");
        }

        var folder = new RestoredFolder(request.Into);
        await folder.BeginAsync(ct);
        if (request.Target is RestoreTarget.AtPosition { Position: var position })
        {
            recovery = await FindTransactionAsync(request, folder, position, state, [.. bases.Reverse()], ct);
        }

        var (used, last, isComplete) = await RestoreAsync(
            request,
            folder,
            candidates,
            state,
            recovery,
            async (connection, ct) =>
            {
                await request.Complete(connection, ct);
                return await request.ReadLastPosition(connection, ct);
            },
            ct);
        return new(used, last, [
            .. problems,
            .. candidates.TakeWhile(c => c != used).Select(
                c => $"The base backup {c.Label} is damaged or lacks log; an older one was used."),
            .. isComplete && last < state.LastPosition
                ? [$"The restored log ends at position {last}, the archive at {state.LastPosition}: its last log file is damaged."]
                : (string[])[],
        ]);
    }

    /// <summary>Deletes a cluster that was restored as a trial, also one that a killed process left.</summary>
    public static async Task DeleteAsync(string folder, CancellationToken ct)
    {
        if (Directory.Exists(folder))
        {
            var restored = new RestoredFolder(folder);
            await restored.FindAsync(ct);
            restored.Delete();
        }
    }

    /// <summary>
    /// Restores the newest state in a scratch folder, to learn which transaction stored the event. If log is missing, that is the newest
    /// state before the gap.
    /// </summary>
    private static async Task<IReadOnlyDictionary<string, string>> FindTransactionAsync(
        RestoreRequest request,
        RestoredFolder folder,
        long position,
        ArchiveState state,
        IReadOnlyList<BackupManifest> bases,
        CancellationToken ct)
    {
        request.Log($"Looking for the transaction that stored position {position}.");
        var scratch = new RestoredFolder(request.Into + ".search");
        try
        {
            await scratch.BeginAsync(ct);
            var (used, (transaction, last), _) = await RestoreAsync(
                request,
                scratch,
                bases,
                state,
                new Dictionary<string, string>(),
                async (connection, ct) =>
                    (await request.FindTransaction(connection, position, ct), await request.ReadLastPosition(connection, ct)),
                ct);
            return transaction is not null
                ? new Dictionary<string, string> { ["recovery_target_xid"] = transaction }
                : throw new BackupException(
                    DescribeNotFound(position, last, request.Archive.FilesFrom(used.StartAt, state).Missing));
        }
        catch
        {
            folder.Delete();
            throw;
        }
        finally
        {
            scratch.Delete();
        }
    }

    private static string DescribeNotFound(long position, long last, string? missing) =>
        missing is not null
            ? $"The log file {missing} is missing, and the log before it has no event at position {position}: it ends at position {last}. "
                + "Name an earlier position, or use another backup."
        : position > last ? $"The archive ends at position {last}. Name an earlier position, or LATEST."
        : $"The log has no event at position {position}: its transaction was rolled back. Name the next one.";

    /// <summary>Restores from the newest base backup that is not damaged.</summary>
    private static async Task<(BackupManifest Used, T Read, bool IsComplete)> RestoreAsync<T>(
        RestoreRequest request,
        RestoredFolder folder,
        IReadOnlyList<BackupManifest> candidates,
        ArchiveState state,
        IReadOnlyDictionary<string, string> recovery,
        Func<Npgsql.NpgsqlConnection, CancellationToken, Task<T>> read,
        CancellationToken ct)
    {
        for (var i = 0; ; i++)
        {
            try
            {
                var (result, isComplete) = await RestoreAsync(request, folder, candidates[i], state, recovery, read, ct);
                return (candidates[i], result, isComplete);
            }
            catch (BackupException damaged) when (damaged.IsBaseDamaged && i + 1 < candidates.Count)
            {
                request.Log($"{damaged.Message} An older base backup is used.");
                await folder.BeginAsync(ct);
            }
        }
    }

    /// <returns>What was read, and whether all of the archive was replayed.</returns>
    private static async Task<(T Read, bool IsComplete)> RestoreAsync<T>(
        RestoreRequest request,
        RestoredFolder folder,
        BackupManifest chosen,
        ArchiveState state,
        IReadOnlyDictionary<string, string> recovery,
        Func<Npgsql.NpgsqlConnection, CancellationToken, Task<T>> read,
        CancellationToken ct)
    {
        var (files, missing) = request.Archive.FilesFrom(chosen.StartAt, state);
        try
        {
            CheckGap(request.Target, chosen, missing, state);
            using var space = folder.Reserve(request.Archive, chosen, files.Count, state.SegmentBytes, request.MinFreeBytes);
            await folder.FillAsync(request.Archive, chosen, files, state.SegmentBytes, ct);
            var (started, isComplete) = await StartAsync(request, folder.Path, recovery, missing, ct);
            await using var cluster = started;
            await using var connection = await cluster.OpenAsync(request.Database, ct);
            var result = await read(connection, ct);
            folder.Finish();
            return (result, isComplete);
        }
        catch
        {
            folder.Delete();
            throw;
        }
    }

    /// <summary>Log may be missing behind the target, but not before the end of the base backup.</summary>
    private static void CheckGap(RestoreTarget target, BackupManifest chosen, string? missing, ArchiveState state)
    {
        if (missing is null)
        {
            return;
        }

        if (target is RestoreTarget.Latest)
        {
            throw new BackupException($"The log file {missing} is missing. Restore to a time before, or use another backup.");
        }

        var gap = Wal.Segment(Path.GetFileName(missing), state.SegmentBytes) * state.SegmentBytes;
        if ((ulong?)gap < chosen.StopAt)
        {
            throw new BackupException($"The log file {missing} is missing, and the base backup {chosen.Label} needs it.")
            {
                IsBaseDamaged = true,
            };
        }
    }

    private static async Task<(PostgresCluster Cluster, bool IsComplete)> StartAsync(
        RestoreRequest request, string into, IReadOnlyDictionary<string, string> recovery, string? missing, CancellationToken ct)
    {
        var settings = new PostgresSettings
        {
            DataFolder = into,
            BinFolder = request.BinFolder,
            IsRestore = true,
            // Replaying takes as long as it takes.
            StartTimeout = TimeSpan.FromHours(1),
            Parameters = new Dictionary<string, string>(recovery)
            {
                // The log is in pg_wal already.
                ["restore_command"] = "exit 1",
                ["recovery_target_timeline"] = "current",
                ["recovery_target_action"] = "promote",
                ["hot_standby"] = "off",
            },
        };
        try
        {
            return (await PostgresCluster.StartAsync(settings, request.Log, ct), recovery.Count == 0);
        }
        catch (PostgresUnavailableException ended) when (IsTargetNotReached(ended))
        {
            if (missing is not null || recovery.ContainsKey("recovery_target_xid"))
            {
                throw new BackupException(
                    $"The target was not reached: the log file {missing ?? "of its commit"} is missing. "
                        + "Restore to an earlier state, or use another backup.",
                    ended);
            }

            // The archive is known to reach the target time, so all its commits are from before.
            var open = settings.Parameters.Where(p => !recovery.ContainsKey(p.Key)).ToDictionary();
            return (await PostgresCluster.StartAsync(settings with { Parameters = open }, request.Log, ct), true);
        }
    }

    private static bool IsTargetNotReached(PostgresUnavailableException ended) =>
        ended.Message.Contains("recovery ended before configured recovery target was reached", StringComparison.Ordinal);
}
