using System.Globalization;
using Banking.ReadModels.Books;
using Npgsql;
using Spectre.Console;

namespace Banking.Host.Commands;

/// <summary>Progress of rebuilds: bars on a terminal, plain lines elsewhere.</summary>
internal static class RebuildProgress
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromSeconds(1);

    public static async Task ShowAsync(IServiceProvider services, IReadOnlyList<string> models, Func<Task> work, CancellationToken ct)
    {
        var source = services.GetRequiredService<NpgsqlDataSource>();
        if (!AnsiConsole.Profile.Capabilities.Interactive || Console.IsOutputRedirected)
        {
            await WatchAsync(
                source,
                models,
                work,
                g => Console.WriteLine($"{g.Model}: {Percent(g).ToString("0", CultureInfo.InvariantCulture)} %, {Rate(g)} events/s"),
                ct);
            return;
        }

        await AnsiConsole.Progress()
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
            .StartAsync(async context =>
            {
                var tasks = models.ToDictionary(m => m, m => context.AddTask(m));
                await WatchAsync(source, models, work, g => tasks[g.Model].Value(Percent(g)), ct);
                foreach (var task in tasks.Values)
                {
                    task.Value(100);
                }
            });
    }

    private static async Task WatchAsync(
        NpgsqlDataSource source, IReadOnlyList<string> models, Func<Task> work, Action<Generation> report, CancellationToken ct)
    {
        var working = work();
        try
        {
            while (await Task.WhenAny(working, Task.Delay(PollInterval, ct)) != working)
            {
                foreach (
                    var g in (await Generation.AllAsync(source, ct)).Where(g =>
                        g.State == GenerationState.Building && models.Contains(g.Model)))
                {
                    report(g);
                }
            }
        }
        finally
        {
            // After a stop too: the work then drops its candidate, and needs the connections that are closed after this.
            await working;
        }
    }

    private static double Percent(Generation g) => g.Target is > 0 and var target ? Math.Min(100, 100.0 * g.Position / target) : 0;

    private static string Rate(Generation g) => g.StartedAt is { } started && g.UpdatedAt > started
        ? ((g.Position - (g.StartPosition ?? 0)) / (g.UpdatedAt - started).TotalSeconds).ToString("N0", CultureInfo.InvariantCulture)
        : "0";
}
