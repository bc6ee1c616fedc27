using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Banking.Accounts;
using Banking.Commands.Imports;
using Banking.Commands.Periods;
using Banking.Customers;
using Banking.EventStore.Keys;
using Banking.EventStore.Log;
using Banking.EventStore.Sealing;
using Banking.Host.Hosting;
using Banking.Host.Security;
using Banking.Migration;
using Banking.Migration.Berka;
using Banking.SharedKernel;
using Marten;
using Npgsql;

namespace Banking.Host.Commands;

/// <summary>
/// <c>import berka FOLDER [--copies N] [--json]</c>: reads, checks and reconciles all files before it opens the database, then stores whole
/// streams. Exit code 0: the bank holds the history; 1: the bank holds a different history, or a period was closed after a part was
/// imported; 2: nothing was done.
/// </summary>
internal static class ImportCommand
{
    private const int MaxCopies = 1_000;

    public static Command Create(string[] settings)
    {
        var folder = CommonOptions.PathArgument("FOLDER", "the folder with the five files");
        var copies = CommonOptions.Number(
            "--copies", "N", $"imports the history N times (1 to {MaxCopies}), each copy with its own ids", otherwise: 1, MaxCopies);
        var (json, environment) = (CommonOptions.Json("prints the report as one JSON object"), CommonOptions.Environment());
        var (fresh, yes) = (CommonOptions.Fresh(), CommonOptions.Yes());
        var berka = new Command("berka", "imports the Berka files of PKDD'99 and reconciles them with the balances in the files")
        {
            folder,
            copies,
            json,
            environment,
            fresh,
            yes,
        };
        berka.SetAction(parsed =>
        {
            var configuration = CommonOptions.ReadConfiguration(settings);
            if (parsed.GetValue(fresh))
            {
                FreshStart.Confirm(configuration, StartupChecks.ResolveEnvironment(parsed.GetValue(environment)), parsed.GetValue(yes));
            }

            return RunAsync(
                new(parsed.GetValue(folder)!, parsed.GetValue(copies), parsed.GetValue(json), parsed.GetValue(fresh)), configuration);
        });
        return new("import", "imports another bank's history") { berka };
    }

    private static async Task<int> RunAsync(ImportArguments arguments, IConfiguration configuration)
    {
        var watch = Stopwatch.StartNew();
        BerkaBank bank;
        ReconciliationSummary total;
        try
        {
            bank = BerkaImport.Read(Path.GetFullPath(arguments.Folder));
            total = bank.Summary.Multiply(arguments.Copies);
        }
        catch (Exception refused) when (refused is MalformedFileException or OverflowException)
        {
            var reason = refused is MalformedFileException
                ? refused.Message
                : string.Create(
                    CultureInfo.InvariantCulture, $"{arguments.Copies} copies have more rows than an import can count ({int.MaxValue}).");
            await Console.Error.WriteLineAsync(reason + "\nNothing was imported.");
            return 2;
        }

        watch.Stop();
        return await StoreAndReportAsync(bank, total, watch, arguments, configuration);
    }

    private static async Task<int> StoreAndReportAsync(
        BerkaBank bank, ReconciliationSummary total, Stopwatch watch, ImportArguments arguments, IConfiguration configuration)
    {
        using var stop = new StopSignal();
        if (arguments.Fresh)
        {
            FreshStart.CheckSettings(
                configuration,
                new ServiceCollection().AddEventStoreForCommands(FreshStart.NoDatabase, BankModules.All, configuration: configuration));
        }

        await using var database = await BankDatabase.OpenAsync(configuration, arguments.Fresh, _ => { });
        await using var services = new ServiceCollection()
            .AddLogging()
            .AddEventStoreForCommands(database.Connections, BankModules.All, database.FindKeyRing(configuration), configuration)
            .BuildServiceProvider();
        services.GetService<KeyRingFolder>()?.Require();
        await BankSchema.PrepareAsync(services);
        FirstKey.Require(services);
        await services.GetRequiredService<TextKeys>().CurrentAsync(stop.Token);
        var tally = new Tally();
        try
        {
            watch.Start();
            var stored = await StoreAsync(bank, arguments, services, tally, stop.Token);
            watch.Stop();
            if (stored.Difference is { } difference)
            {
                await Console.Error.WriteLineAsync(Describe(difference));
                return 1;
            }

            Report(total with { ClosingBalance = stored.Balance }, stored, watch.Elapsed.TotalSeconds, arguments.Json);
            return 0;
        }
        catch (PeriodClosedException closed)
        {
            return await ReportClosedAsync(closed, Interlocked.Read(ref tally.Events));
        }
        catch (OperationCanceledException)
        {
            await Console.Error.WriteLineAsync("Stopped. The stored part stays. Run the same command again to resume.");
            return 130;
        }
    }

    private static async Task<int> ReportClosedAsync(PeriodClosedException closed, long events)
    {
        await Console.Error.WriteLineAsync(closed.Message + "\n" + (events > 0
            ? string.Create(CultureInfo.InvariantCulture, $"A period was closed meanwhile: {events} events were imported, and stay. ")
                + "Run the same command again when the period is open to import the rest."
            : "Nothing was imported."));
        return events > 0 ? 1 : 2;
    }

    /// <summary>
    /// Stores one copy at a time, because all copies together may not fit into memory. Each copy is compared with the bank before it is
    /// stored. All copies come from the same files, so a difference shows in the first one.
    /// </summary>
    private static Task<Stored> StoreAsync(
        BerkaBank bank, ImportArguments arguments, IServiceProvider services, Tally tally, CancellationToken ct)
    {
        var (import, comparison) = (services.GetRequiredService<HistoryImport>(), services.GetRequiredService<HistoryComparison>());
        var (store, clock) = (services.GetRequiredService<IDocumentStore>(), services.GetRequiredService<TimeProvider>());
        var wrapping = services.GetRequiredService<CheckedWrapping>();
        var (source, events) = (services.GetRequiredService<NpgsqlDataSource>(), services.GetRequiredService<EventReader>());
        var plan = bank.Plan(copy: 0);
        return ImportProgress.ShowAsync((long)plan.EventCount * arguments.Copies, arguments.Json, async shown =>
        {
            Action<int> progress = events =>
            {
                Interlocked.Add(ref tally.Events, events);
                shown(events);
            };
            var stored = new Stored(0, 0, MoneySum.Zero(plan.Summary.ClosingBalance.Currency), null);
            for (var copy = 0; copy < arguments.Copies; copy++)
            {
                plan = copy == 0 ? plan : bank.Plan(copy);
                var difference = await CustomersModule.FirstDifferenceAsync(wrapping, store, comparison, plan.Customers, clock, ct)
                    ?? await AccountsModule.FirstDifferenceAsync(comparison, plan.Accounts, ct);
                if (difference is not null)
                {
                    return stored with { Difference = difference };
                }

                await AccountsModule.CheckPeriodsAsync(import, plan.Accounts, ct);
                stored = stored
                    .And(await CustomersModule.ImportAsync(import, wrapping, store, "berka", plan.Customers, clock, progress, ct))
                    .And(await AccountsModule.ImportAsync(import, "berka", plan.Accounts, progress, ct));
                stored = stored with
                {
                    Balance = stored.Balance
                        + await AccountsModule.BalanceAsync(events, source, plan.Accounts, stored.Balance.Currency, ct),
                };
            }

            return stored;
        });
    }

    private static string Describe(HistoryDifference difference)
    {
        var (row, what) = difference;
        var line = row.Line > 0 ? string.Create(CultureInfo.InvariantCulture, $", line {row.Line}") : "";
        return $"{row.File}{line}: row {row.Id} {what}. " +
            "The bank holds a different history under these ids. It was left unchanged.\nNothing was imported.";
    }

    private static void Report(ReconciliationSummary total, Stored stored, double seconds, bool json)
    {
        var report = MigrationReport.Of(total, Math.Round(seconds, 3), Math.Round(stored.Events / seconds), imported: stored.Events > 0);
        if (json)
        {
            Console.WriteLine(report.ToJson());
        }
        else
        {
            ImportReport.Write(report, stored.Events, stored.Known);
        }
    }

    /// <summary>The number of events stored so far.</summary>
    private sealed class Tally
    {
        public long Events;
    }

    private sealed record ImportArguments(string Folder, int Copies, bool Json, bool Fresh);

    /// <summary>
    /// The result over all copies: the number of stored events and of streams that existed before, and the present balance of these
    /// accounts.
    /// </summary>
    /// <param name="Difference">The first row that differs from the bank. The import stops there.</param>
    private sealed record Stored(long Events, long Known, MoneySum Balance, HistoryDifference? Difference)
    {
        public Stored And(ImportResult more) => this with { Events = Events + more.Events, Known = Known + more.Known };
    }
}
