namespace Banking.Commands.Due;

/// <summary>Wakes this host's look at the due table when this host has written to it.</summary>
public sealed class DueSignal : IDisposable
{
    private readonly SemaphoreSlim _written = new(0);

    public void Dispose() => _written.Dispose();

    internal void Written()
    {
        if (_written.CurrentCount == 0)
        {
            _written.Release();
        }
    }

    /// <summary>Returns when something was written, at the latest after a while.</summary>
    internal Task WaitAsync(TimeSpan atMost, CancellationToken ct) => _written.WaitAsync(atMost, ct);
}
