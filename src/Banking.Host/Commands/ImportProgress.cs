using Spectre.Console;

namespace Banking.Host.Commands;

/// <summary>How far an import is: a bar on a terminal, plain lines elsewhere, nothing where the output is one JSON object.</summary>
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
            return await PlainAsync(events, work);
        }

        return await AnsiConsole.Progress()
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
            .StartAsync(context =>
            {
                var task = context.AddTask("Importing", maxValue: events);
                return work(stored => task.Increment(stored));
            });
    }

    private static async Task<T> PlainAsync<T>(long events, Func<Action<int>, Task<T>> work)
    {
        var stored = 0L;
        var told = 0;
        var gate = new Lock();
        return await work(more =>
        {
            lock (gate)
            {
                stored += more;
                var tenth = (int)(10 * stored / events);
                if (tenth > told)
                {
                    told = tenth;
                    Console.WriteLine($"Importing: {stored} of {events} events");
                }
            }
        });
    }
}
