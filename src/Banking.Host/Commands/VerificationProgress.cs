using Banking.ReadModels.Verifying;
using Spectre.Console;

namespace Banking.Host.Commands;

/// <summary>Progress of a verification: a bar on a terminal, plain lines elsewhere, nothing with JSON output.</summary>
internal static class VerificationProgress
{
    public static async Task<VerificationResult> ShowAsync(int streams, bool quiet, Func<Action<int>, Task<VerificationResult>> run)
    {
        if (quiet)
        {
            return await run(_ => { });
        }

        if (!AnsiConsole.Profile.Capabilities.Interactive || Console.IsOutputRedirected)
        {
            var shownTenths = 0L;
            return await run(done =>
            {
                if (10L * done / Math.Max(1, streams) is var tenths && tenths > shownTenths)
                {
                    shownTenths = tenths;
                    Console.WriteLine($"Verifying: {done} of {streams} streams");
                }
            });
        }

        return await AnsiConsole.Progress()
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
            .StartAsync(context =>
            {
                var task = context.AddTask("Verifying", maxValue: Math.Max(1, streams));
                return run(done => task.Value(done));
            });
    }
}
