namespace Banking.Testing;

/// <summary>Waiting for what happens by itself.</summary>
public static class Eventually
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    public static Task<T> UntilAsync<T>(Func<T> ask, Func<T, bool> isIt) => UntilAsync(() => Task.FromResult(ask()), isIt);

    /// <summary>Asks until the answer is the one that is waited for, and returns it.</summary>
    /// <exception cref="TimeoutException">It did not come.</exception>
    public static async Task<T> UntilAsync<T>(Func<Task<T>> ask, Func<T, bool> isIt, TimeSpan? patience = null)
    {
        ArgumentNullException.ThrowIfNull(ask);
        ArgumentNullException.ThrowIfNull(isIt);
        using var late = new CancellationTokenSource(patience ?? Timeout);
        while (true)
        {
            var answer = await ask();
            if (isIt(answer))
            {
                return answer;
            }

            if (late.IsCancellationRequested)
            {
                throw new TimeoutException($"It did not come to that in time. Last: {answer}");
            }

            await Task.Delay(Pause, CancellationToken.None);
        }
    }
}
