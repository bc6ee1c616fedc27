using System.Globalization;
using Banking.Host.Hosting;
using Banking.Platform;
using Banking.Platform.ReadModels;
using Banking.Platform.Security;
using Npgsql;
using Spectre.Console;

namespace Banking.Host.Commands;

/// <summary>
/// <c>projections list</c> and <c>projections rebuild NAME|all --reason TEXT</c>: the same as <c>/ops/projections</c>, without a host. Exit
/// code 0: done; 1: what was made differs and does not serve; 2: nothing was done; 130: stopped, and gone on with by the next.
/// </summary>
internal static class ProjectionsCommand
{
    private const string Usage = "projections list | rebuild NAME|all --reason TEXT | replay …: names are those of the list.";

    public static async Task<int> RunAsync(string[] args)
    {
        if (args is ["replay", .. var portion])
        {
            return await ReplayCommand.RunAsync(portion);
        }

        var (reason, rest) = Option(args, "--reason");
        return rest switch
        {
            ["list", .. var settings] when reason is null => await WithBankAsync(settings, ListAsync),
            ["rebuild", var name, .. var settings] when !name.StartsWith('-') && !string.IsNullOrWhiteSpace(reason) =>
                await WithBankAsync(settings, (services, ct) => RebuildAsync(services, name, reason, ct)),
            _ => await WrongAsync(Usage),
        };
    }

    internal static (string? Value, string[] Others) Option(string[] args, string name)
    {
        var at = Array.IndexOf(args, name);
        return at < 0 || at + 1 >= args.Length ? (null, args) : (args[at + 1], [.. args[..at], .. args[(at + 2)..]]);
    }

    internal static async Task<int> WithBankAsync(string[] settings, Func<IServiceProvider, CancellationToken, Task<int>> run)
    {
        using var stop = new CancellationTokenSource();
        Console.CancelKeyPress += (_, e) =>
        {
            e.Cancel = true;
            stop.Cancel();
        };
        await using var database = await BankDatabase.OpenAsync(ServeCommand.Configuration(settings), fresh: false, _ => { });
        await using var services = new ServiceCollection().AddLogging().AddEventStoreForCommands(database.ConnectionString).BuildServiceProvider();
        await BankSchema.PrepareAsync(services);
        // No host may be there to say how far the log is complete.
        await services.GetRequiredService<LogReader>().SettleAsync(stop.Token);
        return await run(services, stop.Token);
    }

    private static async Task<int> WrongAsync(string message)
    {
        await Console.Error.WriteLineAsync(message);
        return 2;
    }

    private static async Task<int> ListAsync(IServiceProvider services, CancellationToken ct)
    {
        var complete = await services.GetRequiredService<LogReader>().CompleteUpToAsync(ct);
        var table = new Table().Border(TableBorder.Simple);
        foreach (var heading in (string[])["Name", "Generation", "Version", "State", "Position", "Behind", "Paused"])
        {
            table.AddColumn(heading);
        }

        foreach (var g in await Generation.AllAsync(services.GetRequiredService<NpgsqlDataSource>(), ct))
        {
            if (g.State is GenerationState.Serving or GenerationState.Building or GenerationState.Differs)
            {
                table.AddRow(g.Model, Number(g.Number), Number(g.ModelVersion), g.State, Number(g.Position), Number(complete - g.Position), Markup.Escape(g.PauseReason ?? ""));
            }
        }

        AnsiConsole.Write(table);
        return 0;
    }

    private static async Task<int> RebuildAsync(IServiceProvider services, string name, string reason, CancellationToken ct)
    {
        var all = services.GetServices<ReadModel>().ToList();
        var models = all.Where(m => name == "all" || m.Name == name).ToList();
        if (models.Count == 0)
        {
            return await WrongAsync($"There is no read model '{name}': {string.Join(", ", all.Select(m => m.Name))} or all.");
        }

        var rebuild = services.GetRequiredService<Rebuild>();
        var action = new OperatorAction(
            new($"cli:{Environment.UserName}", Roles.Operator, null, "cli"), "projections rebuild",
            Ids.Next(services.GetRequiredService<TimeProvider>()).ToString("N"), "rebuild", reason);
        if (await rebuild.RequestAsync(models, action, ct) is null)
        {
            return await WrongAsync($"A rebuild of {(models.Count == 1 ? name : "one of them")} is under way, or waits for somebody to decide about what differs.");
        }

        try
        {
            await RebuildProgress.ShowAsync(services, models, async () =>
            {
                // A host that serves meanwhile may have taken some of them.
                while (!await rebuild.RunAsync(models, ct) && await ComingAsync(services, models, ct))
                {
                    await Task.Delay(200, ct);
                }
            }, ct);
        }
        catch (OperationCanceledException)
        {
            await Console.Error.WriteLineAsync("Stopped. What is made stays; a host or the same command goes on with it.");
            return 130;
        }

        return await ReportAsync(services, models, ct);
    }

    private static async Task<bool> ComingAsync(IServiceProvider services, List<ReadModel> models, CancellationToken ct) =>
        (await Generation.AllAsync(services.GetRequiredService<NpgsqlDataSource>(), ct))
            .Any(g => g.State == GenerationState.Building && g.PausedAt is null && models.Any(m => m.Name == g.Model));

    private static async Task<int> ReportAsync(IServiceProvider services, List<ReadModel> models, CancellationToken ct)
    {
        var newest = (await Generation.AllAsync(services.GetRequiredService<NpgsqlDataSource>(), ct))
            .GroupBy(g => g.Model).Select(g => g.First()).Where(g => models.Any(m => m.Name == g.Model)).ToList();
        foreach (var g in newest)
        {
            Console.WriteLine($"{g.Model}: generation {g.Number} {g.State}{Took(g)}{(g.PauseReason is null ? "" : $", stopped: {g.PauseReason}")}");
            if (g is { State: not GenerationState.Serving, Differences: { } differences })
            {
                Console.WriteLine(differences);
            }
        }

        return newest.All(g => g.State == GenerationState.Serving) ? 0 : 1;
    }

    private static string Took(Generation g) => g is { StartedAt: { } started, FilledAt: { } filled, FinishedAt: { } finished }
        ? string.Create(
            CultureInfo.InvariantCulture, $", made in {(filled - started).TotalSeconds:0.0} s, compared and switched in {(finished - filled).TotalSeconds:0.0} s")
        : "";

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);
}
