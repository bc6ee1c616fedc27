using System.CommandLine;
using System.Globalization;
using Banking.EventStore.Archive;
using Banking.ReadModels.Archiving;

namespace Banking.Host.Commands;

/// <summary>
/// <c>archive check [FILE…]</c>: reads whole files and checks them. Files that are named are checked without a database. Without a name,
/// all files of the manifest are compared with it and with the log, and the result is recorded. Exit code 1: a file is damaged.
/// </summary>
internal static class ArchiveCheckCommand
{
    public static Command Create(string[] settings)
    {
        var files = new Argument<string[]>("FILE")
        {
            Description = "paths of files, which are checked without a database (default: all files of the manifest)",
            Arity = ArgumentArity.ZeroOrMore,
        };
        files.Validators.Add(r =>
        {
            foreach (var file in r.Tokens)
            {
                CommonOptions.RequirePath(r, file.Value, "FILE");
            }
        });
        var command = new Command("check", "reads whole files and checks them; exit code 1 if one is damaged") { files };
        command.SetAction(parsed => parsed.GetValue(files) is { Length: > 0 } paths
            ? CheckFilesAsync(paths)
            : ArchiveCommand.RunAsOwnerAsync(settings, async (services, owner, ct) =>
            {
                var exitCode = 0;
                foreach (var file in (await ArchiveManifest.FilesAsync(owner, ct)).Where(f => f.DeletedAt is null))
                {
                    var found = await services.GetRequiredService<ArchiveChecks>().RunAsync(
                        owner, file, ArchiveCommand.Action(services, "check"), ct);
                    Console.WriteLine($"{file.Name}: {(found.Succeeded ? "as the manifest and the log say" : found.Report)}");
                    exitCode = found.Succeeded ? exitCode : 1;
                }

                return exitCode;
            }));
        return command;
    }

    private static async Task<int> CheckFilesAsync(string[] paths)
    {
        var exitCode = 0;
        foreach (var path in paths)
        {
            try
            {
                await using var file = File.OpenRead(path);
                var found = await ArchiveFileReader.CheckAsync(file, (_, _) => ValueTask.CompletedTask, CancellationToken.None);
                Console.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{path}: {found.Header.Events} events of {found.Header.Streams} streams, positions {found.Header.FirstPosition} to "
                        + $"{found.Header.LastPosition}, of {found.Header.Bank.Database}"));
            }
            catch (Exception failure) when (failure is ArchiveDamagedException or IOException or UnauthorizedAccessException)
            {
                await Console.Error.WriteLineAsync($"{path}: {failure.Message}");
                exitCode = 1;
            }
        }

        return exitCode;
    }
}
