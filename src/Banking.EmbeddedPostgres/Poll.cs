namespace Banking.EmbeddedPostgres;

internal static class Poll
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(20);

    /// <summary>Returns true as soon as the condition holds, false after the timeout.</summary>
    public static async Task<bool> UntilAsync(Func<bool> condition, TimeSpan timeout, CancellationToken ct)
    {
        var clock = TimeProvider.System;
        var started = clock.GetTimestamp();
        while (!condition())
        {
            if (clock.GetElapsedTime(started) > timeout)
            {
                return false;
            }

            await Task.Delay(Interval, clock, ct);
        }

        return true;
    }
}
