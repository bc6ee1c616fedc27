using Banking.EventStore.Log;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Banking.Publishing.Log;

/// <summary>
/// Wakes readers of the published log when it has an event that they take. One loop reads each page for all readers, and only while one
/// waits. A reader that waits has no timer, task or query of its own.
/// </summary>
public sealed class LogSubscriptions(
    PublicLog log, HighWaterMark highWaterMark, LogWatcher watcher, TimeProvider clock, ILogger<LogSubscriptions> logger)
    : BackgroundService
{
    private static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly SubscriptionIndex _index = new();

    private TaskCompletionSource _changed = NewSignal();
    private string? _log;
    private long _position;

    /// <summary>Raised when <see cref="Position"/> has changed.</summary>
    public event Action? Changed;

    /// <summary>
    /// Up to this position the log has no event for a subscription that is still active (<see cref="LogSubscription.IsActive"/>, to be read
    /// after this). It goes back when a subscription begins before it.
    /// </summary>
    public long Position => Interlocked.Read(ref _position);

    /// <summary>Waits for the next event after a position that the filter takes.</summary>
    /// <param name="log">The log that the position belongs to, a value of <see cref="HighWaterMark.Server"/>; null for any.</param>
    /// <param name="wake">Called once, unless the subscription is ended before. It must not block.</param>
    /// <returns>Null if the position is so far behind the log that the reader must first read on.</returns>
    public LogSubscription? Subscribe(EventFilter filter, long after, string? log, Action wake)
    {
        if (highWaterMark.Complete - after > PublicLog.MaxPositions)
        {
            return null;
        }

        var subscription = new LogSubscription(this, filter, after, wake);
        lock (_gate)
        {
            if (_index.All.Count == 0)
            {
                (_log, _position) = (log ?? highWaterMark.Server, after);
            }
            else if (log is not null && _log is not null && log != _log)
            {
                subscription.Stop(LogWake.LogReplaced, after);
            }

            if (subscription.Reason == LogWake.None)
            {
                subscription.IsActive = true;
                _index.Add(subscription);
                // Events that were read already are matched again: no other subscription takes them.
                Interlocked.Exchange(ref _position, Math.Min(_position, after));
            }

            _changed.TrySetResult();
        }

        if (subscription.Reason != LogWake.None)
        {
            subscription.Wake();
        }

        return subscription;
    }

    internal void Remove(LogSubscription subscription)
    {
        lock (_gate)
        {
            if (_index.Remove(subscription))
            {
                subscription.Stop(LogWake.None, _position);
            }
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var isFailing = false;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await ReadNextAsync(stoppingToken);
                isFailing = false;
            }
            catch (Exception failure) when (!stoppingToken.IsCancellationRequested)
            {
                logger.Log(
                    isFailing ? LogLevel.Debug : LogLevel.Warning,
                    failure,
                    "Cannot read the published log; destinations and feeds wait, and reading is retried");
                isFailing = true;
                await Task.Delay(RetryInterval, clock, stoppingToken);
            }
        }
    }

    private async Task ReadNextAsync(CancellationToken ct)
    {
        long after;
        bool isWanted, isReplaced;
        Task changed;
        lock (_gate)
        {
            if (_changed.Task.IsCompleted)
            {
                _changed = NewSignal();
            }

            changed = _changed.Task;
            (after, isWanted) = (_position, _index.All.Count > 0);
            isReplaced = isWanted && highWaterMark.Server is { } server && server != _log;
        }

        if (isReplaced)
        {
            EndAll(LogWake.LogReplaced);
        }
        else if (!isWanted)
        {
            await WaitAsync(changed, _ => changed, ct);
        }
        else
        {
            await ReadAsync(after, changed, ct);
        }
    }

    /// <summary>Wakes those that take an event of the next page, or waits for the next page.</summary>
    private async Task ReadAsync(long after, Task changed, CancellationToken ct)
    {
        var page = await log.ReadAsync(after, ct);
        if (page.End > after)
        {
            Publish(page, after);
            return;
        }

        await WaitAsync(changed, over => watcher.WaitAsync(after, Timeout.InfiniteTimeSpan, over), ct);
    }

    /// <summary>Waits until one of the two ends.</summary>
    private static async Task WaitAsync(Task changed, Func<CancellationToken, Task> log, CancellationToken ct)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(ct);
        await Task.WhenAny(log(over.Token), changed, Task.Delay(Timeout.InfiniteTimeSpan, over.Token));
        await over.CancelAsync();
        ct.ThrowIfCancellationRequested();
    }

    private void Publish(PublicPage page, long after)
    {
        List<(LogSubscription Subscription, long Position)> matching;
        lock (_gate)
        {
            if (_position != after || page.Log != _log)
            {
                // A subscription began before this page, or the log was replaced.
                return;
            }

            matching = _index.RemoveMatching(page.Events);
            foreach (var (subscription, position) in matching)
            {
                subscription.Stop(LogWake.Event, position - 1);
            }

            Interlocked.Exchange(ref _position, page.End);
        }

        foreach (var (subscription, _) in matching)
        {
            subscription.Wake();
        }

        Changed?.Invoke();
    }

    private void EndAll(LogWake reason)
    {
        List<LogSubscription> ended;
        lock (_gate)
        {
            ended = [.. _index.All];
            foreach (var subscription in ended)
            {
                _index.Remove(subscription);
                subscription.Stop(reason, subscription.Position);
            }
        }

        foreach (var subscription in ended)
        {
            subscription.Wake();
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
