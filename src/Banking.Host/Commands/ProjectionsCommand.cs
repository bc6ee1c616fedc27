using System.CommandLine;
using System.Globalization;
using Banking.EventStore.Log;
using Banking.ReadModels.Books;
using Banking.ReadModels.Documents;
using Npgsql;
using Spectre.Console;

namespace Banking.Host.Commands;

/// <summary>
/// <c>projections list|rebuild|compare|switch|drop|replay</c>: the same as <c>/ops/projections</c>, without a host. Exit code 0: done;
/// 2: nothing was done.
/// </summary>
internal static class ProjectionsCommand
{
    public static Command Create(string[] settings)
    {
        var list = new Command("list", "lists the read models with version, state and position");
        list.SetAction(_ => OfflineCommand.RunAsync(settings, ListAsync));

        return new("projections", "lists, rebuilds, tries out and replays read models")
        {
            list,
            RebuildCommand.Create(settings),
            CompareCommand.Create(settings),
            CandidateCommand.CreateSwitch(settings),
            CandidateCommand.CreateDrop(settings),
            ReplayCommand.Create(settings),
        };
    }

    private static async Task<int> ListAsync(IServiceProvider services, CancellationToken ct)
    {
        var highWaterMark = await services.GetRequiredService<HighWaterMark>().LookAsync(ct);
        var table = new Table().Border(TableBorder.Simple);
        foreach (var heading in (string[])["Name", "Generation", "Version", "State", "Position", "Behind", "Paused"])
        {
            // A wrapped name cannot be copied into the next command.
            table.AddColumn(new TableColumn(heading) { NoWrap = heading != "Paused" });
        }

        var projections = (await services.GetRequiredService<ProjectionStates>().AllAsync(ct)).Select(p => p.AsGeneration());
        var all = (await Generation.AllAsync(services.GetRequiredService<NpgsqlDataSource>(), ct)).Concat(projections);
        foreach (var g in all.OrderBy(g => g.Model, StringComparer.Ordinal))
        {
            if (g.State == GenerationState.Active || GenerationState.IsCandidate(g.State))
            {
                table.AddRow(
                    g.Model,
                    Number(g.Number),
                    Number(g.ModelVersion),
                    g.State,
                    Number(g.Position),
                    Number(highWaterMark - g.Position),
                    Markup.Escape(g.PauseReason ?? ""));
            }
        }

        AnsiConsole.Write(table);
        return 0;
    }

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);
}
