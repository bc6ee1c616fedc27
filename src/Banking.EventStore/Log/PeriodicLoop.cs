namespace Banking.EventStore.Log;

/// <summary>Repeats an action while the host runs. A failure is reported to the caller, and the next run takes place.</summary>
public static class PeriodicLoop
{
    public static async Task LookAsync(
        TimeSpan pause, Func<CancellationToken, Task> look, Action<Exception> onFailure, CancellationToken stopping)
    {
        ArgumentNullException.ThrowIfNull(look);
        ArgumentNullException.ThrowIfNull(onFailure);
        using var timer = new PeriodicTimer(pause);
        while (await timer.WaitForNextTickAsync(stopping))
        {
            try
            {
                await look(stopping);
            }
            catch (Exception failure) when (!stopping.IsCancellationRequested)
            {
                onFailure(failure);
            }
        }
    }
}
