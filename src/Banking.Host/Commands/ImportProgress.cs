using Spectre.Console;

namespace Banking.Host.Commands;

/// <summary>Progress of an import: a bar on a terminal, plain lines elsewhere, nothing with JSON output.</summary>
internal static class ImportProgress
{
    public static async Task<T> ShowAsync<T>(long events, bool quiet, Func<Action<int>, Task<T>> work)
    {
        if (quiet)
        {
            return await work(_ => { });
        }

        if (!AnsiConsole.Profile.Capabilities.Interactive || Console.IsOutputRedirected)
        {
            return await ShowLinesAsync(events, work);
        }

        return await AnsiConsole.Progress()
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
            .StartAsync(context =>
            {
                var task = context.AddTask("Importing", maxValue: events);
                return work(stored => task.Increment(stored));
            });
    }

    private static async Task<T> ShowLinesAsync<T>(long events, Func<Action<int>, Task<T>> work)
    {
        var stored = 0L;
        var shownTenths = 0;
        var gate = new Lock();
        return await work(more =>
        {
            lock (gate)
            {
                stored += more;
                var tenths = (int)(10 * stored / events);
                if (tenths > shownTenths)
                {
                    shownTenths = tenths;
                    Console.WriteLine($"Importing: {stored} of {events} events");
                }
            }
        });
    }
}
