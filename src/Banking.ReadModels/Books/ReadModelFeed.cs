using Banking.EventStore.Log;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Banking.ReadModels.Books;

/// <summary>
/// Feeds new events to all read models, on one host at a time. The event cache reads the events once for all of them. Each read model
/// applies them in its own transactions, so a failure affects no other read model. If two hosts run at once, the lock on the model's row
/// ensures that each event is applied once.
/// </summary>
public sealed class ReadModelFeed(
    IEnumerable<ReadModel> models,
    ReadModelWriter writer,
    UnknownTypePauses pauses,
    HighWaterMark highWaterMark,
    LogReader reader,
    LogWatcher watcher,
    NpgsqlDataSource source,
    TimeProvider clock,
    ILogger<ReadModelFeed> logger) : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Minimum time between two pages of a model: one page for several commits costs less than one page for each.
    /// </summary>
    private static readonly TimeSpan MinInterval = TimeSpan.FromMilliseconds(100);

    private (string? Server, long Complete) _before;

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Leader.RunAsync(
            source,
            "read-models",
            over => Task.WhenAll(models.Select(m => Task.Run(() => FollowAsync(m, over), CancellationToken.None))),
            logger,
            stoppingToken,
            RunAsFollowerAsync,
            () => reader.UnknownTypes);

    private async Task FollowAsync(ReadModel model, CancellationToken ct)
    {
        while (true)
        {
            var since = clock.GetTimestamp();
            var interval = MinInterval;
            var position = 0L;
            try
            {
                // Read the server first: the writer then refuses a position of a log that was restored in between.
                var log = highWaterMark.Server;
                if (await writer.AdvanceAsync(model, highWaterMark.Complete, ct, log) is { } reached)
                {
                    position = reached.Position;
                }
                else if (!await pauses.ResumeAsync(model.Name, TimeSpan.Zero, ct))
                {
                    // Paused before an event, or written by hosts of another version: an operator or another host moves it on.
                    interval = Pause;
                }
            }
            catch (Exception failure) when (!ct.IsCancellationRequested)
            {
                logger.LogWarning(failure, "Cannot update the read model {Model}; retrying", model.Name);
                interval = Pause;
            }

            if (interval - clock.GetElapsedTime(since) is var left && left > TimeSpan.Zero)
            {
                await Task.Delay(left, clock, ct);
            }

            await watcher.WaitAsync(position, Pause, ct);
        }
    }

    /// <summary>
    /// Updates read models while another host leads: the leader may run another version of a model, or hang. Goes only up to the high-water
    /// mark of a second ago, so that it does not compete with a leader that works.
    /// </summary>
    private async Task RunAsFollowerAsync(CancellationToken ct)
    {
        var before = _before;
        _before = (highWaterMark.Server, highWaterMark.Complete);
        if (before.Server is not null && before.Server == _before.Server)
        {
            await Task.WhenAll(models.Select(m => writer.AdvanceAsync(m, before.Complete, ct, before.Server, isLeader: false)));
        }
    }
}
