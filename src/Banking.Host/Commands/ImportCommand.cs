using System.CommandLine;
using System.CommandLine.Parsing;
using System.Diagnostics;
using System.Globalization;
using Banking.Accounts;
using Banking.Customers;
using Banking.Host.Hosting;
using Banking.Migration;
using Banking.Migration.Berka;
using Banking.Platform.EventSourcing;
using Banking.SharedKernel;
using Marten;
using Npgsql;

namespace Banking.Host.Commands;

/// <summary>
/// <c>import berka FOLDER [--copies N] [--json]</c>: everything is read, checked and reconciled before the database is so much as opened;
/// then it is stored, whole streams at a time. Exit code 0: the bank holds the history; 1: it holds another one; 2: nothing was done.
/// </summary>
internal static class ImportCommand
{
    private const int MaxCopies = 1_000;

    public static Command Create(string[] settings)
    {
        var folder = new Argument<string>("FOLDER") { Description = "the folder with the five files" };
        var copies = new Option<int>("--copies")
        {
            Description = $"imports N banks of that history (1 to {MaxCopies}), each under ids of its own",
            HelpName = "N",
            DefaultValueFactory = _ => 1,
            CustomParser = Copies,
        };
        var (json, environment) = (CommonOptions.Json("prints the report as one JSON object"), CommonOptions.Environment());
        var (fresh, yes) = (CommonOptions.Fresh(), CommonOptions.Yes());
        var berka = new Command("berka", "the Berka files of PKDD'99, reconciled with the balances in them")
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
            var configuration = CommonOptions.Configuration(settings);
            if (parsed.GetValue(fresh))
            {
                FreshStart.Confirm(configuration, StartupRules.EnvironmentOf(parsed.GetValue(environment)), parsed.GetValue(yes));
            }

            return RunAsync(
                new(parsed.GetValue(folder)!, parsed.GetValue(copies), parsed.GetValue(json), parsed.GetValue(fresh)), configuration);
        });
        return new("import", "imports another bank's history") { berka };
    }

    private static int Copies(ArgumentResult result)
    {
        if (result.Tokens is [var one] && Exact.TryInt(one.Value, out var copies) && copies is >= 1 and <= MaxCopies)
        {
            return copies;
        }

        result.AddError($"--copies N: how many banks of that history to import, 1 to {MaxCopies}.");
        return 0;
    }

    private static async Task<int> RunAsync(ImportArguments arguments, IConfiguration configuration)
    {
        var watch = Stopwatch.StartNew();
        BerkaBank bank;
        ReconciliationSummary total;
        try
        {
            bank = BerkaImport.Read(Path.GetFullPath(arguments.Folder));
            total = bank.Summary.Times(arguments.Copies);
        }
        catch (Exception refused) when (refused is MalformedFileException or OverflowException)
        {
            var why = refused is MalformedFileException ? refused.Message : "The amounts add up to more than can be counted.";
            await Console.Error.WriteLineAsync(why + "\nNothing was imported.");
            return 2;
        }

        watch.Stop();
        using var stop = new CancellationTokenSource();
        Console.CancelKeyPress += (_, e) =>
        {
            e.Cancel = true;
            stop.Cancel();
        };

        await using var database = await BankDatabase.OpenAsync(configuration, arguments.Fresh, _ => { });
        await using var services = new ServiceCollection()
            .AddLogging()
            .AddEventStoreForCommands(database.Connections, BankModules.All)
            .BuildServiceProvider();
        await BankSchema.PrepareAsync(services);
        try
        {
            watch.Start();
            var stored = await StoreAsync(bank, arguments, services, stop.Token);
            watch.Stop();
            if (stored.Difference is { } difference)
            {
                await Console.Error.WriteLineAsync(Sentence(difference));
                return 1;
            }

            Report(total with { ClosingBalance = stored.Balance }, stored, watch.Elapsed.TotalSeconds, arguments.Json);
            return 0;
        }
        catch (OperationCanceledException)
        {
            await Console.Error.WriteLineAsync("Stopped. What was stored stays; run the same command again to go on.");
            return 130;
        }
    }

    /// <summary>
    /// One copy after the other: all of them together may not fit into memory. Each is compared before anything of it is stored; they are
    /// of the same files, so that the first decides.
    /// </summary>
    private static Task<Stored> StoreAsync(BerkaBank bank, ImportArguments arguments, IServiceProvider services, CancellationToken ct)
    {
        var (import, comparison) = (services.GetRequiredService<HistoryImport>(), services.GetRequiredService<HistoryComparison>());
        var (store, clock) = (services.GetRequiredService<IDocumentStore>(), services.GetRequiredService<TimeProvider>());
        var source = services.GetRequiredService<NpgsqlDataSource>();
        var plan = bank.Plan(copy: 0);
        return ImportProgress.ShowAsync((long)plan.EventCount * arguments.Copies, arguments.Json, async progress =>
        {
            var stored = new Stored(0, 0, MoneySum.Zero(plan.Summary.ClosingBalance.Currency), null);
            for (var copy = 0; copy < arguments.Copies; copy++)
            {
                plan = copy == 0 ? plan : bank.Plan(copy);
                var difference = await CustomersModule.FirstDifferenceAsync(store, comparison, plan.Customers, clock, ct)
                    ?? await AccountsModule.FirstDifferenceAsync(comparison, plan.Accounts, ct);
                if (difference is not null)
                {
                    return stored with { Difference = difference };
                }

                stored = stored
                    .And(await CustomersModule.ImportAsync(import, "berka", plan.Customers, clock, progress, ct))
                    .And(await AccountsModule.ImportAsync(import, "berka", plan.Accounts, progress, ct));
                stored = stored with
                {
                    Balance = stored.Balance + await AccountsModule.BalanceAsync(store, source, plan.Accounts, stored.Balance.Currency, ct),
                };
            }

            return stored;
        });
    }

    private static string Sentence(HistoryDifference difference)
    {
        var (row, what) = difference;
        return string.Create(CultureInfo.InvariantCulture, $"{row.File}, line {row.Line}: row {row.Id} {what}. ") +
            "The bank holds another history under these ids; it was left as it is.\nNothing was imported.";
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

    /// <summary>What an import was asked for.</summary>
    private sealed record ImportArguments(string Folder, int Copies, bool Json, bool Fresh);

    /// <summary>
    /// What was done, over all copies: events stored, streams that were there already, and the balance that the bank holds on these
    /// accounts now.
    /// </summary>
    /// <param name="Difference">A row that the bank holds otherwise, because of which nothing more was stored.</param>
    private sealed record Stored(long Events, long Known, MoneySum Balance, HistoryDifference? Difference)
    {
        public Stored And(ImportResult more) => this with { Events = Events + more.Events, Known = Known + more.Known };
    }
}
