using System.CommandLine;
using System.Globalization;
using Banking.Commands.Operators;
using Banking.ReadModels.Books;
using Banking.ReadModels.Documents;
using Banking.ReadModels.Rebuilding;
using Npgsql;

namespace Banking.Host.Commands;

/// <summary>
/// <c>projections rebuild NAME|all --reason TEXT</c>: rebuilds read models without a host. Exit code 0: done; 1: a candidate differs and
/// was not activated; 2: nothing was done; 130: stopped, the next run resumes.
/// </summary>
internal static class RebuildCommand
{
    public static Command Create(string[] settings)
    {
        var name = new Argument<string>("NAME") { Description = "a name from the list, or all" };
        var reason = OperatorCommand.Reason(isRequired: true);
        var command = new Command("rebuild", "rebuilds a read model from the log, compares it with the active one, and switches")
        {
            name,
            reason,
        };
        command.SetAction(parsed => OfflineCommand.RunAsync(
            settings, (services, ct) => RunAsync(services, parsed.GetValue(name)!, parsed.GetValue(reason)!, ct)));
        return command;
    }

    private static async Task<int> RunAsync(IServiceProvider services, string name, string reason, CancellationToken ct)
    {
        var (all, documents) = (services.GetServices<ReadModel>().ToList(), services.GetRequiredService<DocumentModels>().All);
        List<ReadModel> models = [.. all.Where(m => name == "all" || m.Name == name)];
        List<DocumentModel> projections = [.. documents.Where(m => name == "all" || m.Name == name)];
        if (models.Count + projections.Count == 0)
        {
            return await OperatorCommand.FailUnknownAsync(services, name, " or all");
        }

        var action = OperatorCommand.Action(services, "rebuild", reason);
        try
        {
            var exit = await RebuildAsync(services, projections, action, ct);
            return models.Count == 0 ? exit : Math.Max(exit, await RebuildAsync(services, models, action, ct));
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            await Console.Error.WriteLineAsync("Stopped. The rows built so far stay; a host or the same command resumes the rebuild.");
            return 130;
        }
    }

    /// <summary>Rebuilds document read models with Marten's own rebuild, in this command or in the host that runs them.</summary>
    private static async Task<int> RebuildAsync(
        IServiceProvider services, List<DocumentModel> projections, OperatorAction action, CancellationToken ct)
    {
        var states = services.GetRequiredService<ProjectionStates>();
        foreach (var model in projections)
        {
            if (!await states.RequestRebuildAsync(model, action, ct))
            {
                await Console.Error.WriteLineAsync($"{model.Name}: a rebuild is already running.");
            }
        }

        await services.GetRequiredService<ProjectionRunners>().CatchUpAsync(projections, ct);
        var exit = 0;
        foreach (var model in projections)
        {
            var status = await states.OfAsync(model, ct);
            exit = status is { PausedAt: null, Outcome: GenerationState.Active } ? exit : 1;
            Console.WriteLine($"{model.Name}: generation {status.Generation} {status.Outcome}{DescribePause(status.PauseReason)}");
        }

        return exit;
    }

    private static async Task<int> RebuildAsync(
        IServiceProvider services, List<ReadModel> models, OperatorAction action, CancellationToken ct)
    {
        var rebuild = services.GetRequiredService<Rebuild>();
        if (await rebuild.RequestAsync(models, action, ct) is null)
        {
            // One model has a candidate already. Request the others one by one.
            foreach (var model in models)
            {
                if (await rebuild.RequestAsync([model], action, ct) is null)
                {
                    await ReportCandidateAsync(services, model, ct);
                }
            }
        }

        await RebuildProgress.ShowAsync(services, [.. models.Select(m => m.Name)], async () =>
        {
            // A running host may build some or all of the candidates. Wait for them too.
            while (true)
            {
                var ran = await rebuild.RunAsync(models, ct);
                if (!await IsBuildingAsync(services, models, ct))
                {
                    return;
                }

                await (ran ? Task.CompletedTask : Task.Delay(200, ct));
            }
        }, ct);
        return await ReportAsync(services, models, ct);
    }

    private static async Task<bool> IsBuildingAsync(IServiceProvider services, List<ReadModel> models, CancellationToken ct) =>
        (await Generation.AllAsync(services.GetRequiredService<NpgsqlDataSource>(), ct)).Any(g =>
            g is { State: GenerationState.Building, PausedAt: null, Purpose: not GenerationPurpose.CommandTrial }
            && models.Any(m => m.Name == g.Model && m.Version == g.ModelVersion));

    private static async Task ReportCandidateAsync(IServiceProvider services, ReadModel model, CancellationToken ct) =>
        await Console.Error.WriteLineAsync(
            $"{model.Name}: no rebuild was requested, because {await OperatorCommand.DescribeCandidateAsync(services, model.Name, ct)}.");

    private static async Task<int> ReportAsync(IServiceProvider services, List<ReadModel> models, CancellationToken ct)
    {
        var newest = (await Generation.AllAsync(services.GetRequiredService<NpgsqlDataSource>(), ct))
            .GroupBy(g => g.Model).Select(g => g.First()).Where(g => models.Any(m => m.Name == g.Model)).ToList();
        foreach (var g in newest)
        {
            Console.WriteLine($"{g.Model}: generation {g.Number} {g.State}{DescribeDuration(g)}{DescribePause(g.PauseReason)}");
            if (g is { State: not GenerationState.Active, Differences: { } differences })
            {
                Console.WriteLine(differences);
            }
        }

        return newest.All(g => g.State == GenerationState.Active) ? 0 : 1;
    }

    private static string DescribePause(string? reason) => reason is null ? "" : $", stopped: {reason}";

    private static string DescribeDuration(Generation g) =>
        g is { StartedAt: { } started, FilledAt: { } filled, FinishedAt: { } finished }
            ? string.Create(
                CultureInfo.InvariantCulture,
                $", built in {(filled - started).TotalSeconds:0.0} s, compared and switched in {(finished - filled).TotalSeconds:0.0} s")
            : "";
}
