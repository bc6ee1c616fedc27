using Banking.ReadModels.Books;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Banking.ReadModels.Rebuilding;

/// <summary>Does the rebuilds that were asked for, those that another process left unfinished among them.</summary>
public sealed class RebuildRunner(IEnumerable<ReadModel> models, Rebuild rebuild, ILogger<RebuildRunner> logger) : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly SemaphoreSlim _asked = new(0);

    /// <summary>Something was asked for: no need to wait for the next look.</summary>
    public void Wake() => _asked.Release();

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                while (await rebuild.RunAsync(models, stoppingToken))
                {
                }
            }
            catch (Exception failure) when (!stoppingToken.IsCancellationRequested)
            {
                logger.LogWarning(failure, "A rebuild was interrupted; it goes on from where it is");
            }

            await _asked.WaitAsync(Pause, stoppingToken);
        }
    }
}
