using Banking.EventStore.Storage;
using Banking.ReadModels.Books;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Banking.ReadModels.Rebuilding;

/// <summary>Builds the requested candidates, including those that another process left unfinished.</summary>
public sealed class RebuildRunner(
    IEnumerable<ReadModel> models,
    Rebuild rebuild,
    DocumentCandidates documents,
    VersionUpgrade upgrade,
    UnknownTypePauses pauses,
    ReadModelConnections connections,
    ILogger<RebuildRunner> logger) : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <summary>A leader of an earlier version may pause a book again: with this it does so seldom.</summary>
    private static readonly TimeSpan MinPauseAge = TimeSpan.FromSeconds(10);

    private readonly SemaphoreSlim _requested = new(0);

    /// <summary>Starts a rebuild that was just requested without waiting for the next poll.</summary>
    public void Wake() => _requested.Release();

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await AttemptAsync(
            () => EndedTables.DropAsync(connections, models, stoppingToken),
            "Tables of replaced versions could not be dropped; retrying at the next start",
            stoppingToken);
        while (!stoppingToken.IsCancellationRequested)
        {
            await AttemptAsync(
                () => pauses.ResumeAsync(null, MinPauseAge, stoppingToken),
                "Paused books were not resumed; retrying",
                stoppingToken);
            await AttemptAsync(
                () => upgrade.RunAsync(stoppingToken), "New versions of read models could not be requested; retrying", stoppingToken);
            await AttemptAsync(
                () => RepeatAsync(() => rebuild.RunAsync(models, stoppingToken)),
                "A rebuild was interrupted; retrying from its last page",
                stoppingToken);
            await AttemptAsync(
                () => RepeatAsync(() => documents.RunAsync(stoppingToken)),
                "A candidate of documents was interrupted; building it again",
                stoppingToken);
            await _requested.WaitAsync(Pause, stoppingToken);
        }
    }

    /// <summary>Runs until there is nothing left to build.</summary>
    private static async Task RepeatAsync(Func<Task<bool>> run)
    {
        while (await run())
        {
        }
    }

    /// <summary>Logs a failure, so that it does not keep the next steps from running.</summary>
    private async Task AttemptAsync(Func<Task> step, string consequence, CancellationToken ct)
    {
        try
        {
            await step();
        }
        catch (Exception failure) when (!ct.IsCancellationRequested)
        {
            logger.LogWarning(failure, "{Consequence}", consequence);
        }
    }
}
