using System.Globalization;
using Banking.EmbeddedPostgres;
using Banking.EventStore.Log;
using Banking.Host.Hosting;

namespace Banking.Host.Commands;

/// <summary>Runs a command on an existing bank without a host: opens its database, and closes it afterwards.</summary>
internal static class OfflineCommand
{
    private static readonly TimeSpan NoticeDelay = TimeSpan.FromSeconds(2);

    public static Task<int> RunAsync(string[] settings, Func<IServiceProvider, CancellationToken, Task<int>> run) =>
        RunAsync(settings, (services, _, ct) => run(services, ct));

    public static async Task<int> RunAsync(string[] settings, Func<IServiceProvider, BankDatabase, CancellationToken, Task<int>> run)
    {
        using var stop = new StopSignal();
        try
        {
            var configuration = CommonOptions.ReadConfiguration(settings);
            await using var database = await OpenAsync(configuration);
            await using var services = new ServiceCollection()
                .AddLogging()
                .AddEventStoreForCommands(database.Connections, BankModules.All, database.FindKeyRing(configuration), configuration)
                .BuildServiceProvider();
            await BankSchema.PrepareAsync(services);
            await WaitUntilCompleteAsync(services.GetRequiredService<HighWaterMark>(), stop.Token);
            return await run(services, database, stop.Token);
        }
        catch (OperationCanceledException) when (stop.Token.IsCancellationRequested)
        {
            await Console.Error.WriteLineAsync("Stopped.");
            return 130;
        }
    }

    public static async Task<int> FailAsync(string message)
    {
        await Console.Error.WriteLineAsync(message);
        return 2;
    }

    /// <summary>Requires that the data folder has a bank: one created now would be empty, and a check of it would succeed.</summary>
    /// <exception cref="ConfigurationException">It has none.</exception>
    public static void RequireBank(IConfiguration configuration)
    {
        var folder = BankDatabase.Folder(configuration);
        if (!Directory.Exists(folder))
        {
            throw new ConfigurationException(
                $"There is no bank in {folder}. "
                    + $"Name the folder with Banking:DataFolder, or the database with ConnectionStrings:{BankDatabase.Name}.");
        }
    }

    private static async Task<BankDatabase> OpenAsync(IConfiguration configuration)
    {
        var folder = BankDatabase.Folder(configuration);
        if (string.IsNullOrWhiteSpace(configuration.GetConnectionString(BankDatabase.Name)))
        {
            RequireBank(configuration);
        }

        try
        {
            return await BankDatabase.OpenAsync(configuration, fresh: false, _ => { });
        }
        catch (PostgresUnavailableException refused) when (refused.InUseBy is { } owner)
        {
            throw new ConfigurationException(
                $"""
                The bank in {folder} is in use by a host ({owner}). A private database has one user at a time. Choose one:
                  1. Send the request to that host with an operator's token: GET /ops/projections, POST /ops/projections/NAME/rebuild
                     or POST /ops/projections/NAME/replay. It backs its bank up by itself: GET /ops/backups.
                  2. Stop the host, and run this command again.
                  3. For another bank, set ConnectionStrings:{BankDatabase.Name} to its database, which hosts and commands can share.
                """);
        }
    }

    /// <summary>The command finds the high-water mark itself, because no host may be running.</summary>
    private static async Task WaitUntilCompleteAsync(HighWaterMark highWaterMark, CancellationToken ct)
    {
        var waiting = highWaterMark.WaitUntilCompleteAsync(ct);
        if (await Task.WhenAny(waiting, Task.Delay(NoticeDelay, ct)) != waiting && !ct.IsCancellationRequested)
        {
            await Console.Error.WriteLineAsync(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"Waiting: a transaction has been open for more than {NoticeDelay.TotalSeconds:0} s and may still add events before ")
                + "the end of the log. pg_stat_activity shows its session.");
        }

        await waiting;
    }
}
