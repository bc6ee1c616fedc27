using System.Globalization;
using Npgsql;
using NpgsqlTypes;

namespace Banking.EmbeddedPostgres.Backups;

/// <summary>
/// Copies the files of a running cluster between <c>pg_backup_start</c> and <c>pg_backup_stop</c>. With the log from its start to its stop
/// the copy is consistent.
/// </summary>
internal sealed class BaseBackup(PostgresCluster cluster, ArchiveFolder archive, StoredFile stored, BackupSettings settings)
{
    /// <param name="waitForLog">Waits until the archive has the log up to a location.</param>
    public async Task<BackupManifest> TakeAsync(Func<ulong, CancellationToken, Task> waitForLog, CancellationToken ct)
    {
        await using var connection = await cluster.OpenAsync(settings.Database, ct);
        var startedAt = await ScalarAsync<DateTimeOffset>(connection, "select clock_timestamp()", ct);
        var label = startedAt.UtcDateTime.ToString("yyyyMMdd'T'HHmmss'.'fff'Z'", CultureInfo.InvariantCulture);
        var folder = archive.FolderOf(label);
        stored.CreateFolder(folder);
        var start = (ulong)await ScalarAsync<NpgsqlLogSequenceNumber>(
            connection, $"select pg_backup_start('{label}', fast => true)", ct);
        var files = new CopiedCluster(cluster.Home.Cluster, archive.DataOf(label), stored);
        await files.CopyAsync(ct);
        var stop = await StopAsync(connection, ct);
        files.Add("backup_label", stop.Label);
        var facts = await settings.Describe(connection, ct);
        var finishedAt = await ScalarAsync<DateTimeOffset>(connection, "select clock_timestamp()", ct);
        var server = await ServerLocation.ReadAsync(connection, ct);
        await waitForLog(stop.Location, ct);
        var manifest = new BackupManifest(
            BackupManifest.CurrentFormat, label, server.SystemIdentifier, server.Timeline, cluster.Version, startedAt, finishedAt,
            Wal.Format(start), Wal.Format(stop.Location), facts, files.Folders, files.Files);
        var manifestPath = archive.ManifestPath(label);
        stored.WriteJson(manifestPath + ArchiveFolder.Unfinished, manifest);
        stored.WriteHash(manifestPath, StoredFile.Hash(manifestPath + ArchiveFolder.Unfinished));
        // With this name it is a backup.
        File.Move(manifestPath + ArchiveFolder.Unfinished, manifestPath);
        Unix.SyncFolder(folder);
        return manifest;
    }

    private static async Task<(ulong Location, string Label)> StopAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand("select lsn, labelfile from pg_backup_stop(wait_for_archive => false)", connection);
        await using var row = await command.ExecuteReaderAsync(ct);
        await row.ReadAsync(ct);
        return ((ulong)row.GetFieldValue<NpgsqlLogSequenceNumber>(0), row.GetString(1));
    }

    private static async Task<T> ScalarAsync<T>(NpgsqlConnection connection, string sql, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
        await using var row = await command.ExecuteReaderAsync(ct);
        await row.ReadAsync(ct);
        return row.GetFieldValue<T>(0);
    }
}
