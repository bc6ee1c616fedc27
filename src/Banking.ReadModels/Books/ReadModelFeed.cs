using Banking.EventStore.Log;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Banking.ReadModels.Books;

/// <summary>
/// Brings the log to all read models, on one host at a time. The events are read once for all; each read model takes them in transactions
/// of its own, at its own pace, so that one that fails leaves the others alone. Should two hosts do it at once, the lock on a model's row
/// lets each event in once.
/// </summary>
public sealed class ReadModelFeed(
    IEnumerable<ReadModel> models,
    ReadModelWriter writer,
    HighWaterMark mark,
    LogWatcher watch,
    NpgsqlDataSource source,
    TimeProvider clock,
    ILogger<ReadModelFeed> logger) : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <summary>
    /// From one page of a model to its next, at least: a page of what came within a moment costs less than one of each commit.
    /// </summary>
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(100);

    private (string? Server, long Complete) _before;

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Leader.RunAsync(
            source,
            "read-models",
            over => Task.WhenAll(models.Select(m => Task.Run(() => FollowAsync(m, over), CancellationToken.None))),
            logger,
            stoppingToken,
            StandInAsync);

    private async Task FollowAsync(ReadModel model, CancellationToken ct)
    {
        while (true)
        {
            var since = clock.GetTimestamp();
            var rest = Pace;
            var position = 0L;
            try
            {
                // In this order: a position of a log that replaced it in between is refused.
                var log = mark.Server;
                if (await writer.ServeAsync(model, mark.Complete, ct, log) is { } reached)
                {
                    position = reached.Position;
                }
                else
                {
                    // Stopped before an event, or another version's: somebody lets it go on.
                    rest = Pause;
                }
            }
            catch (Exception failure) when (!ct.IsCancellationRequested)
            {
                logger.LogWarning(failure, "The read model {Model} could not be brought forward; the next attempt follows", model.Name);
                rest = Pause;
            }

            if (rest - clock.GetElapsedTime(since) is var left && left > TimeSpan.Zero)
            {
                await Task.Delay(left, clock, ct);
            }

            await watch.WaitAsync(position, Pause, ct);
        }
    }

    /// <summary>
    /// Where another host leads: what that one cannot bring forward, because it knows another version of a model, or is stuck. Up to where
    /// the log was complete a second ago, so that the leader is not overtaken in what it is about to do.
    /// </summary>
    private async Task StandInAsync(CancellationToken ct)
    {
        var before = _before;
        _before = (mark.Server, mark.Complete);
        if (before.Server is not null && before.Server == _before.Server)
        {
            await Task.WhenAll(models.Select(m => writer.ServeAsync(m, before.Complete, ct, before.Server)));
        }
    }
}
