using System.CommandLine;
using System.Globalization;
using Banking.EmbeddedPostgres.Backups;
using Banking.Host.Backups;
using Banking.Host.Hosting;

namespace Banking.Host.Commands;

/// <summary>
/// <c>backup</c>: takes a base backup of the private cluster, which no host may serve meanwhile. <c>backup list</c> lists the backups and
/// how far the archived log reaches. Exit code 0: done; 1: a backup in the list is damaged; 2: there is no backup, or it failed.
/// </summary>
internal static class BackupCommand
{
    public static Command Create(string[] settings)
    {
        var list = new Command("list", "lists the base backups and how far the archived log reaches");
        list.SetAction(_ => List(settings));
        var command = new Command("backup", "takes a base backup of the private cluster while no host serves it") { list };
        command.SetAction(_ => TakeAsync(settings));
        return command;
    }

    private static async Task<int> TakeAsync(string[] settings)
    {
        var configuration = CommonOptions.ReadConfiguration(settings);
        var options = BackupOptions.Read(configuration);
        return await OfflineCommand.RunAsync(settings, async (_, database, ct) =>
        {
            if (database is not { Cluster: { } cluster, DataFolder: { } dataFolder })
            {
                return await OfflineCommand.FailAsync(
                    $"The server of ConnectionStrings:{BankDatabase.Name} is backed up by its own tools (docs/operations.md).");
            }

            try
            {
                await using var backups = BankBackups.Start(
                    cluster,
                    dataFolder,
                    options,
                    database.FindKeyRing(configuration),
                    TimeSpan.MaxValue,
                    _ => { },
                    Console.Error.WriteLine);
                Write(await backups.TakeAsync(ct));
                return 0;
            }
            catch (BackupException failure)
            {
                return await OfflineCommand.FailAsync($"The base backup failed: {failure.Message}");
            }
        });
    }

    private static int List(string[] settings)
    {
        var configuration = CommonOptions.ReadConfiguration(settings);
        var folder = BackupOptions.Read(configuration).FolderIn(SettingRules.DataFolder(configuration));
        var archives = ArchiveFolder.List(folder);
        var isDamaged = false;
        foreach (var archive in archives)
        {
            try
            {
                var state = archive.ReadState();
                Console.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{archive.Path}: the log up to {state.EndAt.UtcDateTime:u}, position {state.LastPosition}"));
                var (bases, problems) = archive.ReadUsableBases();
                bases.ToList().ForEach(Write);
                problems.ToList().ForEach(Console.Error.WriteLine);
                isDamaged |= problems.Count > 0;
            }
            catch (BackupException damaged)
            {
                Console.Error.WriteLine(damaged.Message);
                isDamaged = true;
            }
        }

        if (archives.Count == 0)
        {
            Console.Error.WriteLine($"There are no backups in {folder}.");
        }

        return archives.Count == 0 ? 2 : isDamaged ? 1 : 0;
    }

    private static void Write(BackupManifest backup) => Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"  {backup.Label}: {backup.Files.Sum(f => f.Bytes) >> 20:N0} MB, "
            + $"positions {backup.Bank.FirstPosition} to {backup.Bank.LastPosition}, "
            + $"key ring {backup.Bank.KeyRing?.Folder} with {backup.Bank.KeyRing?.Keys.Count} keys"));
}
