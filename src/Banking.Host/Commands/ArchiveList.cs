using System.Globalization;
using Banking.EventStore.Archive;
using Banking.ReadModels.Archiving;
using Spectre.Console;

namespace Banking.Host.Commands;

/// <summary><c>archive list</c>: the files of the manifest, and files of the storage that it does not name.</summary>
internal static class ArchiveList
{
    public static async Task<int> RunAsync(IServiceProvider services, CancellationToken ct)
    {
        var (files, unnamed) = await services.GetRequiredService<ArchiveStates>().ReadAsync(ct);
        var table = new Table().Border(TableBorder.Simple);
        foreach (var heading in (string[])["File", "Events", "Positions", "Bytes", "Rows without data", "Last check"])
        {
            // A wrapped name cannot be copied into the next command.
            table.AddColumn(new TableColumn(heading) { NoWrap = true });
        }

        foreach (var f in files)
        {
            table.AddRow(
                f.File.Name,
                Number(f.File.Header.Events),
                $"{Number(f.File.Header.FirstPosition)} to {Number(f.File.Header.LastPosition)}",
                Number(f.File.Bytes),
                Number(f.RemovedRows),
                f.LastCheck is { } check ? $"{check.EffectiveAt:u} {(check.Succeeded ? "good" : "damaged")}" : "never");
        }

        AnsiConsole.Write(table);
        foreach (var file in unnamed)
        {
            Console.WriteLine($"{file.Name} is in {services.GetRequiredService<IArchiveStorage>().Description}, but not in the manifest.");
        }

        return 0;
    }

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);
}
