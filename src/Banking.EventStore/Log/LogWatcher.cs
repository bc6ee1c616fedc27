using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Banking.EventStore.Log;

/// <summary>Updates the high-water mark regularly and wakes all readers that wait for new events.</summary>
public sealed class LogWatcher(HighWaterMark highWaterMark, IHostApplicationLifetime host, ILogger<LogWatcher> logger) : BackgroundService
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(50);

    private TaskCompletionSource _next = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Cancelled when the host begins to stop; otherwise it would wait for endless responses.</summary>
    public CancellationToken Stopping => host.ApplicationStopping;

    /// <summary>Waits until the log is complete beyond this position, or the time is over.</summary>
    public async Task WaitAsync(long after, TimeSpan maxWait, CancellationToken ct)
    {
        var next = Volatile.Read(ref _next).Task;
        if (highWaterMark.Complete > after)
        {
            return;
        }

        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(ct);
        await Task.WhenAny(next, Task.Delay(maxWait, timeout.Token));
        await timeout.CancelAsync();
        ct.ThrowIfCancellationRequested();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(PollInterval);
        var (last, isFailing) = ((highWaterMark.Server, Complete: -1L), false);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                var complete = await highWaterMark.LookAsync(stoppingToken);
                isFailing = false;
                // Another log may have the same mark, or a lower one: readers must see that too.
                if ((highWaterMark.Server, complete) is var now && now != last)
                {
                    last = now;
                    Interlocked.Exchange(ref _next, new(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();
                }
            }
            catch (Exception failure) when (!stoppingToken.IsCancellationRequested)
            {
                logger.Log(
                    isFailing ? LogLevel.Debug : LogLevel.Warning,
                    failure,
                    "Cannot read the high-water mark; read models and publication are paused");
                isFailing = true;
                // The next success wakes all readers: they may have found nothing while the mark was not known.
                last = default;
            }
        }
    }
}
