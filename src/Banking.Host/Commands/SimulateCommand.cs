using System.CommandLine;
using System.Globalization;
using Banking.Accounts;
using Banking.EventStore.Archive;
using Marten;
using Npgsql;

namespace Banking.Host.Commands;

/// <summary>
/// <c>simulate FILE [--json]</c>: replays the history of accounts with the hypothesis of a file, which is the body of
/// <c>POST /v1/simulations</c>. Exit code 0: nothing would be otherwise; 1: something would, or the history could not be replayed to its
/// end; 2: nothing was done; 130: stopped.
/// </summary>
internal static class SimulateCommand
{
    public static Command Create(string[] settings)
    {
        var file = CommonOptions.PathArgument("FILE", "a file with the body of POST /v1/simulations (docs/what-if.md)");
        var json = CommonOptions.Json("prints the whole answer as one JSON object");
        var command = new Command("simulate", "asks what would have happened otherwise; exit code 1 if something would")
        {
            file,
            json,
        };
        command.SetAction(parsed => RunAsync(settings, parsed.GetValue(file)!, parsed.GetValue(json)));
        return command;
    }

    private static async Task<int> RunAsync(string[] settings, string file, bool json)
    {
        if (!File.Exists(file))
        {
            return await OfflineCommand.FailAsync($"There is no file {Path.GetFullPath(file)}.");
        }

        byte[] request;
        try
        {
            request = await File.ReadAllBytesAsync(file);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return await OfflineCommand.FailAsync($"The file cannot be read: {failure.Message}");
        }

        return await OfflineCommand.RunAsync(settings, (services, ct) => RunAsync(services, settings, request, json, ct));
    }

    private static async Task<int> RunAsync(
        IServiceProvider services, string[] settings, byte[] request, bool json, CancellationToken ct)
    {
        var shownTenths = 0L;
        var (exitCode, output, error) = await AccountsModule.SimulateAsync(
            services.GetRequiredService<IDocumentStore>(), services.GetRequiredService<NpgsqlDataSource>(),
            services.GetRequiredService<ArchivedEvents>(), CommonOptions.ReadConfiguration(settings),
            services.GetRequiredService<TimeProvider>(), request, json, Show, ct);
        await (error.Length > 0 ? Console.Error.WriteLineAsync(error) : Console.Out.WriteLineAsync(output));
        return exitCode;

        void Show(long done, long all)
        {
            if (!json && 10 * done / Math.Max(1, all) is var tenths && tenths > shownTenths)
            {
                shownTenths = tenths;
                Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"Simulating: {done} of {all} events"));
            }
        }
    }
}
