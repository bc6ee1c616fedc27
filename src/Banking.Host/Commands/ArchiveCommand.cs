using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Banking.Commands.Operators;
using Banking.Commands.Periods;
using Banking.EventStore.Appending;
using Banking.EventStore.Archive;
using Banking.EventStore.Callers;
using Banking.Host.Database;
using Banking.Host.Hosting;
using Banking.ReadModels.Archiving;
using Banking.SharedKernel;
using Npgsql;

namespace Banking.Host.Commands;

/// <summary>
/// <c>archive list|write|check|remove|restore|hold|release|delete</c>: moves old events to files, with the credentials of the owner
/// (docs/archive.md). Exit code 0: done; 1: a file is damaged or differs from the log; 2: nothing was done.
/// </summary>
internal static class ArchiveCommand
{
    public static Command Create(string[] settings)
    {
        var list = new Command("list", "lists the files of the archive");
        list.SetAction(_ => OfflineCommand.RunAsync(settings, ArchiveList.RunAsync));
        var command = new Command("archive", "moves old events to compressed files, which the bank reads as if they were in the log")
        {
            list,
            CreateWrite(settings),
            ArchiveCheckCommand.Create(settings),
            CreateChange(
                settings, "remove", "removes the archived data from the rows of the log", f => f.RemovedRows > 0, RemoveAsync),
            CreateChange(
                settings, "restore", "puts the archived data back into the rows of the log", f => f.RemovedRows == 0, RestoreAsync),
        };
        foreach (var other in ArchiveRetentionCommands.Create(settings))
        {
            command.Add(other);
        }

        return command;
    }

    /// <summary>The file that a command is about; null stands for all.</summary>
    public static Option<string?> File(bool isRequired = false) => new("--file")
    {
        Description = $"the name of a file, as archive list shows it{(isRequired ? "" : " (default: all)")}",
        HelpName = "NAME",
        Required = isRequired,
    };

    /// <summary>Runs a command with a connection of the owner, while no other command works on the archive.</summary>
    public static Task<int> RunAsOwnerAsync(
        string[] settings, Func<IServiceProvider, NpgsqlConnection, CancellationToken, Task<int>> run) =>
        OfflineCommand.RunAsync(settings, async (services, ct) =>
        {
            if (services.GetRequiredService<BankConnections>().Owner is not { } owner || string.IsNullOrWhiteSpace(owner))
            {
                return await OfflineCommand.FailAsync(
                    $"The host's role may not change the archive: set ConnectionStrings:{BankDatabase.OwnerName} to the role that owns the "
                        + "schema.");
            }

            await using var host = await services.GetRequiredService<NpgsqlDataSource>().OpenConnectionAsync(ct);
            await using var connection = await OwnerConnection.OpenAsync(owner, host);
            await host.CloseAsync();
            if (!await ArchiveLock.TryAsync(connection, ct))
            {
                return await OfflineCommand.FailAsync("Another command works on the archive. Wait for it.");
            }

            try
            {
                return await run(services, connection, ct);
            }
            catch (Exception failure)
                when (failure is ArchiveDamagedException or ArchiveUnavailableException or IOException or UnauthorizedAccessException)
            {
                await Console.Error.WriteLineAsync(failure.Message);
                return 1;
            }
        });

    public static OperatorAction Action(IServiceProvider services, string verb, string? reason = null) => new(
        new($"cli:{Environment.UserName}", Roles.Operator, null, "cli"), $"archive {verb}",
        Ids.Next(services.GetRequiredService<TimeProvider>()).ToString("N"), verb, reason ?? $"archive {verb}");

    public static Option<DateTimeOffset> Time(string name, string description, bool isRequired = true) => new(name)
    {
        Description = $"{description}, such as 2026-01-01T00:00:00Z",
        HelpName = "TIME",
        Required = isRequired,
        CustomParser = ParseTime,
    };

    private static Command CreateWrite(string[] settings)
    {
        var before = Time(
            "--before",
            "archives streams that ended, and events before a carried state, up to this time (default: the end of the last closed period)",
            isRequired: false);
        var maxEvents = CommonOptions.Number(
            "--max-events", "NUMBER", "events in a file at most", ArchiveWriting.DefaultMaxEvents, ArchiveWriting.LargestMaxEvents);
        var command = new Command("write", "writes old events to files, and compares these with the log; removes nothing")
        {
            before,
            maxEvents,
        };
        command.SetAction(parsed => RunAsOwnerAsync(
            settings,
            (services, owner, ct) => WriteAsync(
                services, owner, parsed.GetResult(before) is null ? null : parsed.GetValue(before), parsed.GetValue(maxEvents), ct)));
        return command;
    }

    private static DateTimeOffset ParseTime(ArgumentResult result)
    {
        if (Instants.Parse(result.Tokens is [var one] ? one.Value : "", null) is InstantResult.Instant { Value: var time })
        {
            return time;
        }

        result.AddError("TIME: a time with its offset, such as 2026-01-01T00:00:00Z.");
        return default;
    }

    private static async Task<int> WriteAsync(
        IServiceProvider services, NpgsqlConnection owner, DateTimeOffset? given, int maxEvents, CancellationToken ct)
    {
        var openFrom = await services.GetRequiredService<IClosedPeriods>().OpenFromAsync(ct);
        if ((given ?? openFrom) is not { } before)
        {
            return await OfflineCommand.FailAsync("No accounting period is closed. Close one, or name a time with --before TIME.");
        }

        if (before > (openFrom ?? services.GetRequiredService<TimeProvider>().GetUtcNow()))
        {
            return await OfflineCommand.FailAsync(
                openFrom is null
                    ? "--before TIME is in the future."
                    : $"--before TIME is in an open accounting period. Periods are closed up to {openFrom.Value.UtcDateTime:u}.");
        }

        var files = await services.GetRequiredService<ArchiveWriting>().RunAsync(
            owner, before, maxEvents, Action(services, "write"),
            file => Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{file.Name}: {file.Header.Events} events of {file.Header.Streams} streams, {file.Content.Length} bytes")),
            ct);
        Console.WriteLine(files == 0
            ? "There is nothing to archive."
            : $"{files} files were written and compared with the log. archive remove removes their data from the log.");
        return 0;
    }

    /// <param name="isDone">
    /// Whether a file needs no change. Without <c>--file</c> such files are not read again: that would take longer each month.
    /// </param>
    private static Command CreateChange(
        string[] settings, string name, string description, Func<ArchiveState, bool> isDone,
        Func<IServiceProvider, NpgsqlConnection, ManifestFile, CancellationToken, Task<int>> change)
    {
        var file = File();
        var command = new Command(name, description) { file };
        command.SetAction(parsed => RunAsOwnerAsync(settings, async (services, owner, ct) =>
        {
            var files = await services.GetRequiredService<ArchiveStates>().FilesAsync(ct);
            if (parsed.GetValue(file) is { } wanted)
            {
                files = [.. files.Where(f => f.File.Name == wanted)];
                if (files.Count == 0)
                {
                    return await OfflineCommand.FailAsync($"The manifest names no file '{wanted}'. archive list lists all.");
                }
            }
            else
            {
                files = [.. files.Where(f => f.IsChanging || !isDone(f))];
            }

            var exitCode = 0;
            foreach (var each in files.Where(f => f.File.DeletedAt is null))
            {
                exitCode = Math.Max(exitCode, await change(services, owner, each.File, ct));
            }

            return exitCode;
        }));
        return command;
    }

    private static async Task<int> RemoveAsync(
        IServiceProvider services, NpgsqlConnection owner, ManifestFile file, CancellationToken ct)
    {
        var (rows, refused) = await services.GetRequiredService<ArchiveRows>().RemoveAsync(owner, file, Action(services, "remove"), ct);
        if (refused is not null)
        {
            return await OfflineCommand.FailAsync(refused);
        }

        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{file.Name}: {rows} of {file.Header.Events} rows of the log are without their data."));
        return 0;
    }

    private static async Task<int> RestoreAsync(
        IServiceProvider services, NpgsqlConnection owner, ManifestFile file, CancellationToken ct)
    {
        var rows = await services.GetRequiredService<ArchiveRows>().RestoreAsync(owner, file, Action(services, "restore"), ct);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{file.Name}: {rows} rows of the log have their data again."));
        return 0;
    }
}
