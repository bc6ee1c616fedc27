using Banking.EventStore.Log;
using Banking.Publishing.Log;
using Microsoft.Extensions.Hosting;

namespace Banking.Publishing.Publishers;

/// <summary>
/// Runs the publishers on the one host that holds a lock in the database; when that host ends, another takes over. Two hosts that both lead
/// for a moment do no harm. Each delivers from a checkpoint before which everything has arrived, so first deliveries stay in order; and
/// nothing that the former host delivers is recorded.
/// </summary>
public sealed class PublisherHost(
    IEnumerable<IDestinationSource> sources,
    PublisherTakeover takeover,
    IdleCheckpoints checkpoints,
    LogSubscriptions subscriptions,
    DestinationChanges changes,
    HighWaterMark highWaterMark,
    LogReader log,
    PublisherSignals signals,
    PublisherServices services) : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Leader.RunAsync(services.Source, "publishing", RunAsync, services.Logger, stoppingToken, unknownTypes: () => log.UnknownTypes);

    private Task RunAsync(CancellationToken leadershipEnd) =>
        new PublisherScheduler(sources, takeover, checkpoints, subscriptions, changes, highWaterMark, signals, services)
            .RunAsync(leadershipEnd);
}
