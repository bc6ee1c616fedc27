namespace Banking.Commands.Due;

/// <summary>Wakes the poll of the due table when this host has written to it.</summary>
public sealed class DueSignal : IDisposable
{
    private readonly SemaphoreSlim _written = new(0);

    public void Dispose() => _written.Dispose();

    internal void WrittenIf(bool hasRows)
    {
        if (hasRows && _written.CurrentCount == 0)
        {
            _written.Release();
        }
    }

    /// <summary>Waits until a row is written, at most for a while.</summary>
    internal Task WaitAsync(TimeSpan maxWait, CancellationToken ct) => _written.WaitAsync(maxWait, ct);
}
