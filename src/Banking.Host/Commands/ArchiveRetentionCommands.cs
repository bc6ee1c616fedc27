using System.CommandLine;
using Banking.ReadModels.Archiving;
using Npgsql;

namespace Banking.Host.Commands;

/// <summary>
/// <c>archive hold|release --file NAME --reason TEXT</c> and <c>archive delete --older-than TIME --reason TEXT [--yes]</c>. A held file is
/// never deleted, and one from before a restore, copy or move of the database only with <c>--no-other-bank</c>.
/// </summary>
internal static class ArchiveRetentionCommands
{
    public static IEnumerable<Command> Create(string[] settings) =>
    [
        CreateHold(settings, "hold", "keeps a file from being deleted", "is held", (r, o, f, a, ct) => r.HoldAsync(o, f, a, ct)),
        CreateHold(settings, "release", "ends the hold of a file", "is not held", (r, o, f, a, ct) => r.ReleaseAsync(o, f, a, ct)),
        CreateDelete(settings),
    ];

    private delegate Task<bool> Change(
        ArchiveRetention retention, NpgsqlConnection owner, ArchiveState file, Banking.Commands.Operators.OperatorAction action,
        CancellationToken ct);

    private static Command CreateHold(string[] settings, string name, string description, string outcome, Change change)
    {
        var (file, reason) = (ArchiveCommand.File(isRequired: true), OperatorCommand.Reason(isRequired: true));
        var command = new Command(name, description) { file, reason };
        command.SetAction(parsed => ArchiveCommand.RunAsOwnerAsync(settings, async (services, owner, ct) =>
        {
            var wanted = parsed.GetRequiredValue(file);
            var found = (await services.GetRequiredService<ArchiveStates>().FilesAsync(ct)).FirstOrDefault(f => f.File.Name == wanted);
            if (found is null || found.Deletion is not null)
            {
                return await OfflineCommand.FailAsync($"There is no file '{wanted}'. archive list lists all.");
            }

            var action = ArchiveCommand.Action(services, name, parsed.GetRequiredValue(reason));
            var isChanged = await change(services.GetRequiredService<ArchiveRetention>(), owner, found, action, ct);
            Console.WriteLine($"{wanted} {outcome}{(isChanged ? "" : ", as before")}.");
            return 0;
        }));
        return command;
    }

    private static Command CreateDelete(string[] settings)
    {
        var olderThan = ArchiveCommand.Time("--older-than", "deletes files whose events were all recorded before this time");
        var (reason, yes) = (OperatorCommand.Reason(isRequired: true), CommonOptions.Yes("the deletion"));
        var isSoleUser = new Option<bool>("--no-other-bank")
        {
            Description = "deletes files from before a restore, copy or move of the database too: no other bank uses the storage",
        };
        var command = new Command(
            "delete", "deletes old files for ever; read models cannot be rebuilt from the log any more where events are missing")
        {
            olderThan,
            reason,
            isSoleUser,
            yes,
        };
        command.SetAction(parsed =>
        {
            var time = parsed.GetValue(olderThan);
            var isConfirmed = parsed.GetValue(yes) || Confirmation.AskAtTerminal(
                $"Delete for ever the files of the archive whose events were all recorded before {time.UtcDateTime:u}?");
            return isConfirmed
                ? DeleteAsync(settings, time, parsed.GetValue(isSoleUser), parsed.GetRequiredValue(reason))
                : OfflineCommand.FailAsync("archive delete deletes files for ever: add --yes to confirm. Nothing was done.");
        });
        return command;
    }

    private static Task<int> DeleteAsync(string[] settings, DateTimeOffset olderThan, bool isSoleUser, string reason) =>
        ArchiveCommand.RunAsOwnerAsync(settings, async (services, owner, ct) =>
        {
            var deleted = await services.GetRequiredService<ArchiveRetention>().DeleteAsync(
                owner, olderThan, isSoleUser, ArchiveCommand.Action(services, "delete", reason), Console.WriteLine, ct);
            Console.WriteLine($"{deleted} files were deleted.");
            return 0;
        });
}
