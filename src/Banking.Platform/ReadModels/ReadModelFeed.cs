using JasperFx.Events.Daemon;
using JasperFx.Events.Projections;
using Marten;
using Marten.Subscriptions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Banking.Platform.ReadModels;

/// <summary>
/// The one pass over the log that all read models share. Marten's daemon finds out how far the log is complete, elects the node that reads
/// it, and brings the pages; each read model takes them in a transaction of its own, so that one that fails leaves the others alone.
/// </summary>
public sealed class ReadModelFeed : SubscriptionBase
{
    public const string FeedName = "read-models";

    private readonly IReadOnlyList<ReadModel> _models;
    private readonly Func<ReadModelWriter> _writer;

    public ReadModelFeed(IEnumerable<ReadModel> models, Func<ReadModelWriter> writer)
    {
        Name = FeedName;
        Options.BatchSize = 2_000;
        Options.MaximumHopperSize = 10_000;
        (_models, _writer) = ([.. models], writer);
    }

    public override async Task<IChangeListener> ProcessEventsAsync(
        EventRange page, ISubscriptionController controller, IDocumentOperations operations, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(page);
        var writer = _writer();
        await Task.WhenAll(_models.Select(m => writer.ServeAsync(m, page.SequenceCeiling, page.Events, page.SequenceFloor, cancellationToken)));
        return NullChangeListener.Instance;
    }
}

/// <summary>
/// Brings forward what the feed did not: a read model that was paused and may go on, one that was added, or whose last transactions were lost
/// with the machine, while nothing new comes in that would bring it along.
/// </summary>
public sealed class ReadModelCatchUp(
    IEnumerable<ReadModel> models, ReadModelWriter writer, LogReader log, ILogger<ReadModelCatchUp> logger) : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Pause);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                // The mark of a second ago, so that the feed is not overtaken in what it is about to bring.
                var complete = await log.CompleteUpToAsync(stoppingToken);
                await timer.WaitForNextTickAsync(stoppingToken);
                await Task.WhenAll(models.Select(m => writer.ServeAsync(m, complete, stoppingToken)));
            }
            catch (Exception failure) when (failure is not OperationCanceledException)
            {
                logger.LogWarning(failure, "Read models could not be brought forward; the next attempt follows");
            }
        }
    }
}
