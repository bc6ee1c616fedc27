namespace Banking.Platform.Following;

/// <summary>A look that is repeated for as long as a host runs. One that fails is told to its owner, and the next one is made all the same.</summary>
public static class Periodically
{
    public static async Task LookAsync(TimeSpan pause, Func<CancellationToken, Task> look, Action<Exception> onFailure, CancellationToken stopping)
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
