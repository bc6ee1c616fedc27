using System.Globalization;
using Banking.EventStore.Archive;
using Banking.ReadModels.Archiving;

namespace Banking.Host.Commands;

/// <summary>
/// <c>archive list</c>: a line for each file of the manifest, and for each file of the storage that it does not name. Names are long, so
/// a table would be wider than a terminal.
/// </summary>
internal static class ArchiveList
{
    public static async Task<int> RunAsync(IServiceProvider services, CancellationToken ct)
    {
        var (files, unnamed) = await services.GetRequiredService<ArchiveStates>().ReadAsync(ct);
        foreach (var state in files)
        {
            Console.WriteLine(Describe(state));
        }

        foreach (var file in unnamed)
        {
            Console.WriteLine($"{file.Name}: in {services.GetRequiredService<IArchiveStorage>().Description}, but not in the manifest");
        }

        if (files.Count + unnamed.Count == 0)
        {
            Console.WriteLine("Nothing is archived.");
        }

        return 0;
    }

    private static string Describe(ArchiveState state)
    {
        var (file, header) = (state.File, state.File.Header);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{file.Name}: {header.Events} events, positions {header.FirstPosition} to {header.LastPosition}, {file.Bytes} bytes, "
                + $"{state.RemovedRows} rows without data, {DescribeCheck(state.LastCheck)}{DescribeDecision(state)}");
    }

    private static string DescribeCheck(ArchiveChecked? check) => check is null
        ? "never checked"
        : $"checked {check.EffectiveAt.UtcDateTime:u}: {(check.Succeeded ? "good" : "damaged")}";

    private static string DescribeDecision(ArchiveState state) =>
        state.Deletion is { } deletion ? $", deleted {deletion.At.UtcDateTime:u} by {deletion.Actor}: {deletion.Reason}"
        : state.Hold is { } hold ? $", held since {hold.At.UtcDateTime:u} by {hold.Actor}: {hold.Reason}"
        : "";
}
