namespace Banking.Testing;

/// <summary>Waits for the result of background work by polling.</summary>
public static class Eventually
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(180);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    public static Task<T> UntilAsync<T>(Func<T> read, Func<T, bool> isExpected) =>
        UntilAsync(() => Task.FromResult(read()), isExpected);

    /// <summary>Reads a value until it is the expected one, and returns it.</summary>
    /// <exception cref="TimeoutException">The value was not the expected one within the timeout.</exception>
    public static async Task<T> UntilAsync<T>(Func<Task<T>> read, Func<T, bool> isExpected, TimeSpan? timeout = null)
    {
        ArgumentNullException.ThrowIfNull(read);
        ArgumentNullException.ThrowIfNull(isExpected);
        var limit = timeout ?? Timeout;
        using var deadline = new CancellationTokenSource(limit);
        while (true)
        {
            var value = await read();
            if (isExpected(value))
            {
                return value;
            }

            if (deadline.IsCancellationRequested)
            {
                throw new TimeoutException($"The expected value did not occur within {limit}. Last value: {value}");
            }

            await Task.Delay(Pause, CancellationToken.None);
        }
    }
}
