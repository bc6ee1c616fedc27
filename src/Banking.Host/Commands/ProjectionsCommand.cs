using System.CommandLine;
using System.Globalization;
using Banking.Platform;
using Banking.Platform.EventSourcing;
using Banking.Platform.Following;
using Banking.Platform.Projections;
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
    public static Command Create(string[] settings)
    {
        var list = new Command("list", "lists the read models and how far they are");
        list.SetAction(_ => OpenBank.RunAsync(settings, ListAsync));

        var name = new Argument<string>("NAME") { Description = "a name of the list, or all" };
        var reason = new Option<string>("--reason") { Description = "why; kept in the operators' log", HelpName = "TEXT", Required = true };
        reason.Validators.Add(r =>
        {
            if (string.IsNullOrWhiteSpace(r.GetValue(reason)))
            {
                r.AddError("--reason TEXT: say why.");
            }
        });
        var rebuild = new Command("rebuild", "rebuilds a read model from the log beside the active one, compares both, and switches")
        {
            name,
            reason,
        };
        rebuild.SetAction(parsed =>
            OpenBank.RunAsync(settings, (services, ct) => RebuildAsync(services, parsed.GetValue(name)!, parsed.GetValue(reason)!, ct)));

        return new("projections", "lists, rebuilds and replays read models") { list, rebuild, ReplayCommand.Create(settings) };
    }

    private static async Task<int> ListAsync(IServiceProvider services, CancellationToken ct)
    {
        var complete = await services.GetRequiredService<LogMark>().LookAsync(ct);
        var table = new Table().Border(TableBorder.Simple);
        foreach (var heading in (string[])["Name", "Generation", "Version", "State", "Position", "Behind", "Paused"])
        {
            // A broken name is no name to copy into the next command.
            table.AddColumn(new TableColumn(heading) { NoWrap = heading != "Paused" });
        }

        var projections = (await services.GetRequiredService<ProjectionStates>().AllAsync(ct)).Select(p => p.AsGeneration());
        var all = (await Generation.AllAsync(services.GetRequiredService<NpgsqlDataSource>(), ct)).Concat(projections);
        foreach (var g in all.OrderBy(g => g.Model, StringComparer.Ordinal))
        {
            if (g.State is GenerationState.Serving or GenerationState.Building or GenerationState.Differs)
            {
                table.AddRow(
                    g.Model,
                    Number(g.Number),
                    Number(g.ModelVersion),
                    g.State,
                    Number(g.Position),
                    Number(complete - g.Position),
                    Markup.Escape(g.PauseReason ?? ""));
            }
        }

        AnsiConsole.Write(table);
        return 0;
    }

    private static async Task<int> RebuildAsync(IServiceProvider services, string name, string reason, CancellationToken ct)
    {
        var (all, documents) = (services.GetServices<ReadModel>().ToList(), services.GetRequiredService<DocumentModels>().All);
        List<ReadModel> models = [.. all.Where(m => name == "all" || m.Name == name)];
        List<DocumentModel> projections = [.. documents.Where(m => name == "all" || m.Name == name)];
        if (models.Count + projections.Count == 0)
        {
            var names = string.Join(", ", all.Select(m => m.Name).Concat(documents.Select(m => m.Name)));
            return await OpenBank.WrongAsync($"There is no read model '{name}': {names} or all.");
        }

        var action = new OperatorAction(
            new($"cli:{Environment.UserName}", Roles.Operator, null, "cli"), "projections rebuild",
            Ids.Next(services.GetRequiredService<TimeProvider>()).ToString("N"), "rebuild", reason);
        try
        {
            var exit = await RebuildAsync(services, projections, action, ct);
            return models.Count == 0 ? exit : Math.Max(exit, await RebuildAsync(services, models, action, ct));
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            await Console.Error.WriteLineAsync("Stopped. What is made stays; a host or the same command goes on with it.");
            return 130;
        }
    }

    /// <summary>Of projections: Marten's own rebuild, by this command or by the host that runs them.</summary>
    private static async Task<int> RebuildAsync(
        IServiceProvider services, List<DocumentModel> projections, OperatorAction action, CancellationToken ct)
    {
        var states = services.GetRequiredService<ProjectionStates>();
        foreach (var model in projections)
        {
            if (!await states.RequestRebuildAsync(model, action, ct))
            {
                await Console.Error.WriteLineAsync($"{model.Name}: a rebuild is under way already.");
            }
        }

        await services.GetRequiredService<ProjectionRunners>().CatchUpAsync(projections, ct);
        var exit = 0;
        foreach (var model in projections)
        {
            var status = await states.OfAsync(model, ct);
            exit = status is { PausedAt: null, Outcome: GenerationState.Serving } ? exit : 1;
            Console.WriteLine(
                $"{model.Name}: generation {status.Generation} {status.Outcome}{(status.PauseReason is null ? "" : $", stopped: {status.PauseReason}")}"
            );
        }

        return exit;
    }

    private static async Task<int> RebuildAsync(
        IServiceProvider services, List<ReadModel> models, OperatorAction action, CancellationToken ct)
    {
        var rebuild = services.GetRequiredService<Rebuild>();
        if (await rebuild.RequestAsync(models, action, ct) is null)
        {
            // One of them is coming already: the others are asked for all the same.
            foreach (var model in models)
            {
                if (await rebuild.RequestAsync([model], action, ct) is null)
                {
                    await TellOfEarlierAsync(services, model, ct);
                }
            }
        }

        await RebuildProgress.ShowAsync(services, models, async () =>
        {
            // A host that serves meanwhile may have taken some of them, or all: they are waited for.
            while (true)
            {
                var ran = await rebuild.RunAsync(models, ct);
                if (!await ComingAsync(services, models, ct))
                {
                    return;
                }

                await (ran ? Task.CompletedTask : Task.Delay(200, ct));
            }
        }, ct);
        return await ReportAsync(services, models, ct);
    }

    private static async Task<bool> ComingAsync(IServiceProvider services, List<ReadModel> models, CancellationToken ct) =>
        (await Generation.AllAsync(services.GetRequiredService<NpgsqlDataSource>(), ct)).Any(g =>
            g.State == GenerationState.Building && g.PausedAt is null && models.Any(m => m.Name == g.Model && m.Version == g.ModelVersion));

    private static async Task TellOfEarlierAsync(IServiceProvider services, ReadModel model, CancellationToken ct)
    {
        var earlier = (await Generation.AllAsync(services.GetRequiredService<NpgsqlDataSource>(), ct)).FirstOrDefault(g =>
            g.Model == model.Name && g.State is GenerationState.Building or GenerationState.Differs);
        var what =
            earlier?.State == GenerationState.Differs
                ? $"differs from what serves and waits for a decision. POST /ops/projections/{model.Name}/rebuild/switch lets it serve all the same, …/rebuild/cancel gives it up"
                : "is being made already";
        await Console.Error.WriteLineAsync($"{model.Name}: no rebuild was asked for, because generation {earlier?.Number} {what}.");
    }

    private static async Task<int> ReportAsync(IServiceProvider services, List<ReadModel> models, CancellationToken ct)
    {
        var newest = (await Generation.AllAsync(services.GetRequiredService<NpgsqlDataSource>(), ct))
            .GroupBy(g => g.Model).Select(g => g.First()).Where(g => models.Any(m => m.Name == g.Model)).ToList();
        foreach (var g in newest)
        {
            Console.WriteLine(
                $"{g.Model}: generation {g.Number} {g.State}{Took(g)}{(g.PauseReason is null ? "" : $", stopped: {g.PauseReason}")}");
            if (g is { State: not GenerationState.Serving, Differences: { } differences })
            {
                Console.WriteLine(differences);
            }
        }

        return newest.All(g => g.State == GenerationState.Serving) ? 0 : 1;
    }

    private static string Took(Generation g) =>
        g is { StartedAt: { } started, FilledAt: { } filled, FinishedAt: { } finished }
            ? string.Create(
                CultureInfo.InvariantCulture,
                $", made in {(filled - started).TotalSeconds:0.0} s, compared and switched in {(finished - filled).TotalSeconds:0.0} s")
            : "";

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);
}
