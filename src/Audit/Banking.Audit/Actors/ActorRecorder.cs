using Banking.EventStore.Keys;
using Banking.EventStore.Log;
using Banking.Web.Http;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Banking.Audit.Actors;

/// <summary>Stores the actors that this host sees, twice a second if there are any.</summary>
internal sealed class ActorRecorder(SeenActors seen, ActorDirectory directory, ILogger<ActorRecorder> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => PeriodicLoop.RunAsync(
        Interval,
        StoreAsync,
        failure => logger.LogWarning(failure, "Cannot store the actors that were seen; trying again"),
        stoppingToken);

    private async Task StoreAsync(CancellationToken ct)
    {
        var actors = seen.Take();
        if (actors.Count == 0)
        {
            return;
        }

        try
        {
            await directory.StoreAsync(actors, ct);
        }
        catch (KeyUnavailableException)
        {
            // Health reports the key ring.
            seen.Return(actors);
        }
        catch
        {
            seen.Return(actors);
            throw;
        }
    }
}
