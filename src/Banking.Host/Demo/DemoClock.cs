namespace Banking.Host.Demo;

/// <summary>
/// The clock of a bank with a demo history: it shows past times while that history is made, then the time of the machine. Requests wait
/// until then, so that no caller records anything in the past.
/// </summary>
internal sealed class DemoClock : TimeProvider
{
    private readonly TaskCompletionSource _present = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The time shown; 0 for the machine's.</summary>
    private long _ticks;

    public override DateTimeOffset GetUtcNow() =>
        Interlocked.Read(ref _ticks) is not 0 and var ticks ? new(ticks, TimeSpan.Zero) : base.GetUtcNow();

    /// <summary>Shows a past time. The next command is recorded then.</summary>
    public void MoveTo(DateTimeOffset past) => Interlocked.Exchange(ref _ticks, past.UtcTicks);

    /// <summary>Shows the time of the machine from now on.</summary>
    public void ReturnToPresent()
    {
        Interlocked.Exchange(ref _ticks, 0);
        _present.TrySetResult();
    }

    public async Task Middleware(HttpContext http, Func<Task> next)
    {
        await _present.Task.WaitAsync(http.RequestAborted);
        await next();
    }
}
