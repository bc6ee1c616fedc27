using System.CommandLine;
using System.CommandLine.Parsing;
using System.Diagnostics;
using System.Globalization;
using Banking.EmbeddedPostgres;
using Banking.EmbeddedPostgres.Backups;
using Banking.EventStore.Archive;
using Banking.Host.Backups;
using Banking.Host.Hosting;
using Banking.Host.Security;
using Banking.SharedKernel;

namespace Banking.Host.Commands;

/// <summary>
/// <c>restore --to LATEST|TIME|POSITION --into FOLDER [--from FOLDER] [--base LABEL]</c>: restores a backup of the private cluster into a
/// new data folder, and runs <c>verify --full</c> there. Exit code 0: restored, no differences; 1: restored, but the backup is damaged, or
/// verify found differences or failed; 2: nothing was restored.
/// </summary>
internal static class RestoreCommand
{
    public static Command Create(string[] settings)
    {
        var to = new Option<RestoreTarget>("--to")
        {
            Description = "LATEST; a time such as 2026-11-29T14:00:00Z; or a position of the event log",
            HelpName = "TARGET",
            Required = true,
            CustomParser = ParseTarget,
        };
        var into = CommonOptions.PathOption(
            "--into", "the data folder of the restored bank; it may have nothing but the key ring, in keys", isRequired: true);
        var from = CommonOptions.PathOption(
            "--from", "the folder of the backups (default: Banking:Backup:Folder, or backups in Banking:DataFolder)", isRequired: false);
        var label = new Option<string>("--base")
        {
            Description = "the label of the base backup to use (default: the newest that lies before the target)",
            HelpName = "LABEL",
        };
        var command = new Command("restore", "restores a backup of the private cluster into a new data folder, and verifies it")
        {
            to,
            into,
            from,
            label,
        };
        command.SetAction(parsed => RunAsync(
            settings,
            parsed.GetRequiredValue(to),
            parsed.GetValue(label),
            Path.GetFullPath(parsed.GetRequiredValue(into)),
            parsed.GetValue(from)));
        return command;
    }

    private static RestoreTarget? ParseTarget(ArgumentResult result)
    {
        var text = result.Tokens is [var one] ? one.Value : "";
        if (text == "LATEST")
        {
            return new RestoreTarget.Latest();
        }

        if (Exact.TryNumber(text, out var position) && position > 0)
        {
            return new RestoreTarget.AtPosition(position);
        }

        switch (Instants.Parse(text, null))
        {
            case InstantResult.Instant { Value: var time }:
                return new RestoreTarget.AtTime(time);
            case var other:
                result.AddError(
                    "--to TARGET: LATEST, a time with its offset such as 2026-11-29T14:00:00Z, or a position of the event log. "
                        + (other as InstantResult.Malformed)?.Why);
                return null;
        }
    }

    private static async Task<int> RunAsync(string[] settings, RestoreTarget target, string? label, string into, string? from)
    {
        var configuration = CommonOptions.ReadConfiguration(settings);
        if (!string.IsNullOrWhiteSpace(configuration.GetConnectionString(BankDatabase.Name)))
        {
            // verify would read that database in place of the restored one.
            return await OfflineCommand.FailAsync(
                $"restore concerns the private PostgreSQL, but ConnectionStrings:{BankDatabase.Name} names another database: remove it. "
                    + "Nothing was restored.");
        }

        using var stop = new StopSignal();
        var watch = Stopwatch.StartNew();
        RestoreResult restored;
        try
        {
            var folder = from ?? BackupOptions.Read(configuration).FolderIn(SettingRules.DataFolder(configuration));
            var archive = ArchiveFolder.Find(Path.GetFullPath(folder));
            restored = await BankRestore.RunAsync(archive, target, label, into, configuration, stop.Token);
        }
        catch (Exception refused) when (refused is BackupException or IOException or UnauthorizedAccessException)
        {
            return await OfflineCommand.FailAsync($"{refused.Message}\nNothing was restored.");
        }
        catch (OperationCanceledException) when (stop.Token.IsCancellationRequested)
        {
            await Console.Error.WriteLineAsync("Stopped. Nothing was restored.");
            return 130;
        }

        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"Restored up to position {restored.LastPosition} from {restored.Base.Label} in {watch.Elapsed.TotalSeconds:0.0} s: {into}"));
        foreach (var problem in restored.Problems)
        {
            await Console.Error.WriteLineAsync(problem);
        }

        var verified = await VerifyAsync(
            [.. settings, .. ArchiveOptions.Read(configuration).ToArguments()], into, restored.Base.Bank.KeyRing);
        return verified == 0 && restored.Problems.Count > 0 ? 1 : verified;
    }

    /// <summary>
    /// Runs verify on the restored bank, with its own key ring or else the one that the backup names. Archived events stay where they are.
    /// </summary>
    private static async Task<int> VerifyAsync(string[] settings, string into, KeyRingName? named)
    {
        string[] restored = [.. settings, $"--Banking:DataFolder={into}"];
        var own = KeyRingFolder.Find(CommonOptions.BuildConfiguration(restored), into);
        if (!own.HasKeys && named is not null)
        {
            if (!new KeyRingFolder(named.Folder, IsPrivate: false).HasKeys)
            {
                await Console.Error.WriteLineAsync(
                    $"verify was not run: the key ring {named.Folder} is not on this machine. "
                        + $"Put it into {own.Path}, and run verify --full.");
                return 1;
            }

            Console.WriteLine(
                $"verify uses the key ring in {named.Folder}. "
                    + $"The restored bank needs a copy of it in {own.Path}, or {KeyRingFolder.Setting}.");
            restored = [.. restored, $"--{KeyRingFolder.Setting}={named.Folder}"];
        }

        try
        {
            return await VerifyCommand.RunFullAsync(restored) is var verified and not 2 ? verified : 1;
        }
        catch (Exception failure) when (failure is PostgresUnavailableException or ConfigurationException or ArchiveUnavailableException)
        {
            await Console.Error.WriteLineAsync($"The bank was restored, but verify failed: {failure.Message}");
            return 1;
        }
    }
}
