using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Banking.EventStore.Log;

/// <summary>Looks how far the log is complete, once for all who wait for it to go on.</summary>
public sealed class LogWatcher(HighWaterMark mark, IHostApplicationLifetime host, ILogger<LogWatcher> logger) : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    private TaskCompletionSource _next = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Cancelled when the host begins to stop: it would wait for whoever is answered without an end.</summary>
    public CancellationToken Stopping => host.ApplicationStopping;

    /// <summary>Returns when there is something after this position, or the time is over.</summary>
    public async Task WaitAsync(long after, TimeSpan atMost, CancellationToken ct)
    {
        var next = Volatile.Read(ref _next).Task;
        if (mark.Complete > after)
        {
            return;
        }

        using var over = CancellationTokenSource.CreateLinkedTokenSource(ct);
        await Task.WhenAny(next, Task.Delay(atMost, over.Token));
        await over.CancelAsync();
        ct.ThrowIfCancellationRequested();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Pause);
        var (told, fails) = (0L, false);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                var complete = await mark.LookAsync(stoppingToken);
                fails = false;
                // Lower is another log: who waits must see that too.
                if (complete != told)
                {
                    told = complete;
                    Interlocked.Exchange(ref _next, new(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();
                }
            }
            catch (Exception failure) when (!stoppingToken.IsCancellationRequested)
            {
                logger.Log(
                    fails ? LogLevel.Debug : LogLevel.Warning,
                    failure,
                    "How far the log is complete could not be looked at: read models and publication stand still until it can");
                fails = true;
            }
        }
    }
}
