using Banking.EmbeddedPostgres.Backups;
using Banking.EventStore.Epochs;
using Banking.EventStore.Storage;
using Banking.Host.Hosting;
using Banking.ReadModels;
using Npgsql;

namespace Banking.Host.Backups;

/// <summary>Restores the private cluster of a bank into a new data folder.</summary>
internal static class BankRestore
{
    private const string Keys = "keys";

    /// <summary>Deletes a data folder that was restored as a trial, if there is one.</summary>
    public static async Task DeleteAsync(string folder, CancellationToken ct)
    {
        await ClusterRestore.DeleteAsync(BankDatabase.FolderIn(folder), ct);
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <param name="label">The base backup to use; null for the newest that lies before the target.</param>
    /// <param name="into">The new data folder. It may have a key ring, so that the restored bank can be verified.</param>
    /// <exception cref="BackupException">The restore is not possible; nothing was restored.</exception>
    public static async Task<RestoreResult> RunAsync(
        ArchiveFolder archive, RestoreTarget target, string? label, string into, IConfiguration configuration, CancellationToken ct)
    {
        if (Directory.Exists(into) && Directory.EnumerateFileSystemEntries(into).Any(e => Path.GetFileName(e) != Keys))
        {
            throw new BackupException($"{into} is not empty. A restore needs a new data folder, which may have a key ring in {Keys}.");
        }

        return await ClusterRestore.RunAsync(
            new()
            {
                Archive = archive,
                Target = target,
                Base = label,
                Into = BankDatabase.FolderIn(into),
                BinFolder = configuration[BankDatabase.BinFolderSetting],
                Database = BankDatabase.Name,
                ReadLastPosition = BankBackups.ReadLastPositionAsync,
                FindTransaction = BankBackups.FindTransactionAsync,
                Complete = BeginEpochAsync,
                MinFreeBytes = BackupOptions.Read(configuration).MinFreeGigabytes * BankBackups.Gigabyte,
            },
            ct);
    }

    /// <summary>
    /// A restored log is another one than that of the bank, also if all of the archive was restored: the bank may have answered commands
    /// after the archive's end, and it may still run.
    /// </summary>
    private static async Task BeginEpochAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        // An earlier version of the bank had no epochs. The first host creates the first one, which no consumer knows.
        if (await connection.ScalarAsync<bool>($"select to_regclass('{EpochTable.Name}') is not null", [], ct))
        {
            await EpochTable.BeginRestoredAsync(
                connection, await connection.ScalarAsync<long>(ReadModelsModule.CompletePosition.Sql, [], ct), ct);
        }
    }
}
