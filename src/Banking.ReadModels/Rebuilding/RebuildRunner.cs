using Banking.ReadModels.Books;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Banking.ReadModels.Rebuilding;

/// <summary>Builds the requested candidates, including those that another process left unfinished.</summary>
public sealed class RebuildRunner(
    IEnumerable<ReadModel> models, Rebuild rebuild, VersionUpgrade upgrade, ILogger<RebuildRunner> logger) : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly SemaphoreSlim _requested = new(0);

    /// <summary>Starts a rebuild that was just requested without waiting for the next poll.</summary>
    public void Wake() => _requested.Release();

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await upgrade.RunAsync(stoppingToken);
                while (await rebuild.RunAsync(models, stoppingToken))
                {
                }
            }
            catch (Exception failure) when (!stoppingToken.IsCancellationRequested)
            {
                logger.LogWarning(failure, "A rebuild was interrupted; retrying from its last page");
            }

            await _requested.WaitAsync(Pause, stoppingToken);
        }
    }
}
