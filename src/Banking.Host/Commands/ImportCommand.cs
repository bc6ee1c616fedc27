using System.Diagnostics;
using Banking.Accounts;
using Banking.Customers;
using Banking.Host.Hosting;
using Banking.Migration;
using Banking.Migration.Berka;
using Banking.Platform.EventSourcing;

namespace Banking.Host.Commands;

/// <summary>
/// <c>import berka FOLDER [--json]</c>: everything is read, checked and reconciled before the database is so much as opened; then it is
/// stored, whole streams at a time. Exit code 0: the bank holds the history; 1: it holds another one; 2: nothing was done.
/// </summary>
internal static class ImportCommand
{
    public static async Task<int> RunAsync(string[] args)
    {
        var json = args.Contains("--json");
        string[] settings = [.. args.Where(a => a is not ("--json" or "--fresh"))];
        if (settings is not [var folder, .. var rest] || folder.StartsWith('-'))
        {
            await Console.Error.WriteLineAsync("import berka FOLDER [--json]: name the folder with the five files.");
            return 2;
        }

        var reading = Stopwatch.StartNew();
        MigrationPlan plan;
        try
        {
            plan = BerkaImport.Plan(Path.GetFullPath(folder));
        }
        catch (MalformedFileException malformed)
        {
            await Console.Error.WriteLineAsync(malformed.Message + "\nNothing was imported.");
            return 2;
        }

        reading.Stop();
        using var stop = new CancellationTokenSource();
        Console.CancelKeyPress += (_, e) =>
        {
            e.Cancel = true;
            stop.Cancel();
        };

        await using var database = await BankDatabase.OpenAsync(ServeCommand.Configuration(rest), args.Contains("--fresh"), _ => { });
        await using var services = new ServiceCollection().AddLogging().AddEventStoreForCommands(database.ConnectionString).BuildServiceProvider();
        await BankSchema.PrepareAsync(services);
        try
        {
            return await StoreAsync(plan, services, reading.Elapsed, json, stop.Token);
        }
        catch (OperationCanceledException)
        {
            await Console.Error.WriteLineAsync("Stopped. What was stored stays; run the same command again to go on.");
            return 130;
        }
    }

    private static async Task<int> StoreAsync(MigrationPlan plan, IServiceProvider services, TimeSpan reading, bool json, CancellationToken ct)
    {
        var import = services.GetRequiredService<HistoryImport>();
        var clock = services.GetRequiredService<TimeProvider>();
        var storing = Stopwatch.StartNew();
        var (customers, accounts) = await ImportProgress.ShowAsync(plan.EventCount, json, async progress => (
            await CustomersModule.ImportAsync(import, "berka", plan.Customers, clock, progress, ct),
            await AccountsModule.ImportAsync(import, "berka", plan.Accounts, progress, ct)));
        storing.Stop();

        var events = customers.Events + accounts.Events;
        var seconds = (reading + storing.Elapsed).TotalSeconds;
        var report = MigrationReport.Of(plan.Summary, Math.Round(seconds, 3), Math.Round(events / seconds), imported: events > 0);
        if (json)
        {
            Console.WriteLine(report.ToJson());
        }
        else
        {
            ImportReport.Write(report, events, customers.Known + accounts.Known);
        }

        if (customers.Shorter.Count + accounts.Shorter.Count is var shorter and > 0)
        {
            await Console.Error.WriteLineAsync(
                $"{shorter} of these streams are in the bank already, with fewer events than this history has: it was imported from other files. They were left alone.");
            return 1;
        }

        return 0;
    }
}
