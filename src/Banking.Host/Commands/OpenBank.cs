using System.Globalization;
using Banking.EmbeddedPostgres;
using Banking.Host.Hosting;
using Banking.Platform.Following;

namespace Banking.Host.Commands;

/// <summary>Opens a bank that is there for a command about it, and closes it again.</summary>
internal static class OpenBank
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    /// <param name="settings">Settings of the command line.</param>
    public static async Task<int> RunAsync(string[] settings, Func<IServiceProvider, CancellationToken, Task<int>> run)
    {
        using var stop = new CancellationTokenSource();
        Console.CancelKeyPress += (_, e) =>
        {
            e.Cancel = true;
            stop.Cancel();
        };
        try
        {
            await using var database = await OpenAsync(CommonOptions.Configuration(settings));
            await using var services = new ServiceCollection()
                .AddLogging()
                .AddEventStoreForCommands(database.Connections, BankModules.All)
                .BuildServiceProvider();
            await BankSchema.PrepareAsync(services);
            await SettleAsync(services.GetRequiredService<LogMark>(), stop.Token);
            return await run(services, stop.Token);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            await Console.Error.WriteLineAsync("Stopped.");
            return 130;
        }
    }

    public static async Task<int> WrongAsync(string message)
    {
        await Console.Error.WriteLineAsync(message);
        return 2;
    }

    private static async Task<BankDatabase> OpenAsync(IConfiguration configuration)
    {
        var folder = BankDatabase.Folder(configuration);
        if (string.IsNullOrEmpty(configuration.GetConnectionString(BankDatabase.Name)) && !Directory.Exists(folder))
        {
            // Made now it would be empty, and nothing wrong with it.
            throw new ConfigurationException(
                $"There is no bank in {folder}. Name the folder with Banking:DataFolder, or the database with ConnectionStrings:{BankDatabase.Name}."
            );
        }

        try
        {
            return await BankDatabase.OpenAsync(configuration, fresh: false, _ => { });
        }
        catch (PostgresUnavailableException refused) when (refused.InUseBy is { } owner)
        {
            throw new ConfigurationException(
                $"""
                The bank in {folder} is in use by a host ({owner}), which keeps its private database to itself. Three ways out:
                  1. Ask that host: GET /ops/projections, POST /ops/projections/NAME/rebuild and POST /ops/projections/NAME/replay, with a token of an operator.
                  2. Stop it, and run this command again.
                  3. If another bank was meant: set ConnectionStrings:{BankDatabase.Name} to its database, which hosts and commands may share.
                """);
        }
    }

    /// <summary>No host may be there to say how far the log is complete.</summary>
    private static async Task SettleAsync(LogMark mark, CancellationToken ct)
    {
        var settling = mark.SettleAsync(ct);
        if (await Task.WhenAny(settling, Task.Delay(Patience, ct)) != settling && !ct.IsCancellationRequested)
        {
            await Console.Error.WriteLineAsync(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"Waiting: a transaction is open for more than {Patience.TotalSeconds:0} s, and what it writes may belong before the end of the log (pg_stat_activity says whose it is)."
                ));
        }

        await settling;
    }
}
