using Banking.SharedKernel;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Banking.Publishing.Publishers;

// How a publisher reports a problem, and how it backs off.
internal sealed partial class Publisher
{
    private async Task ReportProblemAsync(string problem, int attempts, CancellationToken ct)
    {
        // The text may contain the answer of a broker or endpoint, and it is stored and shown: escape it.
        problem = PlainText.Escaped(problem);
        if (problem != _reportedProblem)
        {
            logger.LogWarning("Publication to {Destination} has a problem: {Problem}", spec.Name, problem);
        }

        _reportedProblem = problem;
        await store.SetProblemAsync(spec.Name, problem, attempts, ct);
    }

    /// <summary>
    /// Reports a problem during a delivery. A report that cannot be stored is lost: the problem is reported again while it lasts.
    /// </summary>
    private async Task TryReportProblemAsync(string problem, CancellationToken ct)
    {
        if (PlainText.Escaped(problem) == _reportedProblem)
        {
            return;
        }

        try
        {
            await ReportProblemAsync(problem, 1, ct);
        }
        catch (Exception failure) when (failure is NpgsqlException or OperationCanceledException or ObjectDisposedException)
        {
            logger.LogDebug(failure, "Cannot store the problem of {Destination}; it is reported again while it lasts", spec.Name);
        }
    }

    /// <summary>
    /// Backs off for a while. Returns early if an operator makes a request on this host, or if the destination was held or released on
    /// another host.
    /// </summary>
    private async Task BackOffAsync(TimeSpan delay, CancellationToken ct)
    {
        var since = clock.GetTimestamp();
        for (var left = delay; left > TimeSpan.Zero; left = delay - clock.GetElapsedTime(since))
        {
            if (await signals.WaitAsync(spec.Name, left < Pause ? left : Pause, ct)
                || await store.FindAsync(spec.Name, ct) is not { Held: null, Problem.Attempts: > 0 })
            {
                return;
            }
        }
    }
}
