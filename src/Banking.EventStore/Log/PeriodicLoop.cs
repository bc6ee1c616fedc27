namespace Banking.EventStore.Log;

/// <summary>Repeats an action while the host runs. A failure is reported to the caller and does not end the loop.</summary>
public static class PeriodicLoop
{
    /// <param name="atOnce">Whether the action runs at the start too, and not only after the first interval.</param>
    public static async Task RunAsync(
        TimeSpan interval, Func<CancellationToken, Task> action, Action<Exception> onFailure, CancellationToken stopping,
        bool atOnce = false)
    {
        using var timer = new PeriodicTimer(interval);
        for (var isFirst = atOnce; isFirst || await timer.WaitForNextTickAsync(stopping); isFirst = false)
        {
            try
            {
                await action(stopping);
            }
            catch (Exception failure) when (!stopping.IsCancellationRequested)
            {
                onFailure(failure);
            }
        }
    }
}
