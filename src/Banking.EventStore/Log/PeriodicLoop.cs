namespace Banking.EventStore.Log;

/// <summary>Repeats an action while the host runs. A failure is reported to the caller and does not end the loop.</summary>
public static class PeriodicLoop
{
    public static async Task RunAsync(
        TimeSpan interval, Func<CancellationToken, Task> action, Action<Exception> onFailure, CancellationToken stopping)
    {
        using var timer = new PeriodicTimer(interval);
        while (await timer.WaitForNextTickAsync(stopping))
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
