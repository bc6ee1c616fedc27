using Banking.SharedKernel;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Banking.Publishing.Publishers;

// How a publisher reports a problem.
internal sealed partial class Publisher
{
    private async Task ReportProblemAsync(string problem, int attempts, CancellationToken ct)
    {
        // The text may contain the answer of a broker or endpoint, and it is stored and shown: escape it.
        problem = PlainText.Escaped(problem);
        if (problem != ReportedProblem)
        {
            services.Logger.LogWarning("Publication to {Destination} has a problem: {Problem}", spec.Name, problem);
        }

        ReportedProblem = problem;
        await services.Store.SetProblemAsync([spec.Name], problem, attempts, ct);
    }

    /// <summary>
    /// Reports a problem during a delivery. A report that cannot be stored is lost: the problem is reported again while it lasts.
    /// </summary>
    private async Task TryReportProblemAsync(string problem, CancellationToken ct)
    {
        if (PlainText.Escaped(problem) == ReportedProblem)
        {
            return;
        }

        try
        {
            await ReportProblemAsync(problem, 1, ct);
        }
        catch (Exception failure) when (failure is NpgsqlException or OperationCanceledException or ObjectDisposedException)
        {
            services.Logger.LogDebug(failure, "Cannot store the problem of {Destination}; it is reported again while it lasts", spec.Name);
        }
    }
}
