using System.Globalization;

namespace Banking.EmbeddedPostgres.Backups;

/// <summary>
/// Restores a cluster from an archive into a new folder: copies a base backup and the log behind it, and lets PostgreSQL replay the log up
/// to the target. The restored cluster begins a new timeline. What a failed restore has made is deleted again.
/// </summary>
public static class ClusterRestore
{
    /// <exception cref="BackupException">The target cannot be reached, the backup is damaged, or the folder is not empty.</exception>
    public static async Task<RestoreResult> RunAsync(RestoreRequest request, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(request);
        var (state, bases) = (request.Archive.ReadState(), request.Archive.ReadBases());
        var (chosen, recovery) = Choose(request.Target, state, bases, request.Archive);
        if (Directory.Exists(request.Into) && Directory.EnumerateFileSystemEntries(request.Into).Any())
        {
            throw new BackupException($"{request.Into} is not empty. A restore needs a new folder.");
        }

        var folder = new RestoredFolder(request.Into);
        await folder.BeginAsync(ct);
        if (request.Target is RestoreTarget.AtPosition { Position: var position })
        {
            recovery = await FindTransactionAsync(request, folder, position, state, bases[^1], ct);
        }

        var last = await RestoreAsync(request, folder, chosen, state, recovery, request.ReadLastPosition, ct);
        return recovery.Count > 0 || last >= state.LastPosition
            ? new(chosen, last)
            : throw new BackupException(
                $"The restored log ends at position {last}, the archive at {state.LastPosition}: its last log file is damaged. "
                    + $"{request.Into} has what could be restored.");
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

    private static (BackupManifest Base, IReadOnlyDictionary<string, string> Recovery) Choose(
        RestoreTarget target, ArchiveState state, IReadOnlyList<BackupManifest> bases, ArchiveFolder archive)
    {
        if (bases is not [var first, ..])
        {
            throw new BackupException($"{archive.Path} has no complete base backup.");
        }

        switch (target)
        {
            case RestoreTarget.AtTime { Time: var time } when time < first.FinishedAt:
                throw new BackupException($"The first backup ends at {Text(first.FinishedAt)}. Name a later time.");
            case RestoreTarget.AtTime { Time: var time } when time > state.EndAt:
                throw new BackupException($"The archive ends at {Text(state.EndAt)}. Name an earlier time, or LATEST.");
            case RestoreTarget.AtTime { Time: var time }:
                return (
                    bases.Last(b => b.FinishedAt <= time),
                    new Dictionary<string, string> { ["recovery_target_time"] = Text(time) });
            case RestoreTarget.AtPosition { Position: var position } when position <= first.Bank.LastPosition:
                throw new BackupException($"The first backup ends at position {first.Bank.LastPosition}. Name a later position.");
            case RestoreTarget.AtPosition { Position: var position }:
                return (bases.Last(b => b.Bank.LastPosition < position), new Dictionary<string, string>());
            default:
                return (bases[^1], new Dictionary<string, string>());
        }
    }

    /// <summary>Restores the newest state in a scratch folder, to learn which transaction stored the event.</summary>
    private static async Task<IReadOnlyDictionary<string, string>> FindTransactionAsync(
        RestoreRequest request, RestoredFolder folder, long position, ArchiveState state, BackupManifest newest, CancellationToken ct)
    {
        request.Log($"Looking for the transaction that stored position {position}.");
        var scratch = new RestoredFolder(request.Into + ".search");
        try
        {
            await scratch.BeginAsync(ct);
            var (transaction, last) = await RestoreAsync(
                request,
                scratch,
                newest,
                state,
                new Dictionary<string, string>(),
                async (connection, ct) =>
                    (await request.FindTransaction(connection, position, ct), await request.ReadLastPosition(connection, ct)),
                ct);
            return transaction is not null
                ? new Dictionary<string, string> { ["recovery_target_xid"] = transaction }
                : throw new BackupException(
                    position > last
                        ? $"The archive ends at position {last}. Name an earlier position, or LATEST."
                        : $"The log has no event at position {position}: its transaction was rolled back. Name the next one.");
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

    private static async Task<T> RestoreAsync<T>(
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
            if (missing is not null && recovery.Count == 0)
            {
                throw new BackupException($"The log file {missing} is missing. Restore to a time before, or use another backup.");
            }

            await folder.FillAsync(request.Archive, chosen, files, state.SegmentBytes, ct);
            await using var cluster = await StartAsync(request, folder.Path, recovery, missing, ct);
            await using var connection = await cluster.OpenAsync(request.Database, ct);
            var result = await read(connection, ct);
            folder.Finish();
            return result;
        }
        catch
        {
            folder.Delete();
            throw;
        }
    }

    private static async Task<PostgresCluster> StartAsync(
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
            return await PostgresCluster.StartAsync(settings, request.Log, ct);
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
            return await PostgresCluster.StartAsync(settings with { Parameters = open }, request.Log, ct);
        }
    }

    private static bool IsTargetNotReached(PostgresUnavailableException ended) =>
        ended.Message.Contains("recovery ended before configured recovery target was reached", StringComparison.Ordinal);

    // PostgreSQL reads no abbreviation such as Z here.
    private static string Text(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss.ffffff'+00:00'", CultureInfo.InvariantCulture);
}
