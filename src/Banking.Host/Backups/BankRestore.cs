using Banking.EmbeddedPostgres.Backups;
using Banking.Host.Hosting;

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

    /// <param name="into">The new data folder. It may have a key ring, so that the restored bank can be verified.</param>
    /// <exception cref="BackupException">The restore is not possible; nothing was restored.</exception>
    public static async Task<RestoreResult> RunAsync(
        ArchiveFolder archive, RestoreTarget target, string into, IConfiguration configuration, CancellationToken ct)
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
                Into = BankDatabase.FolderIn(into),
                BinFolder = configuration["Banking:Postgres:BinFolder"],
                Database = BankDatabase.Name,
                ReadLastPosition = BankBackups.ReadLastPositionAsync,
                FindTransaction = BankBackups.FindTransactionAsync,
            },
            ct);
    }
}
