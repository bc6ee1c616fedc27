using Banking.Publishing.Log;

namespace Banking.Publishing.Publishers;

/// <summary>A publisher of this host, and what it is doing. Only the scheduler's loop uses it.</summary>
internal sealed class ScheduledPublisher(DestinationSpec spec, Publisher publisher) : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private bool _isDisposed;

    public DestinationSpec Spec => spec;

    public Publisher Publisher => publisher;

    /// <summary>Set while it waits for an event that the destination takes.</summary>
    public LogSubscription? Waiting { get; set; }

    public Task Run { get; private set; } = Task.CompletedTask;

    public bool IsRunning { get; set; }

    /// <summary>Whether it must run again after the current run.</summary>
    public bool MustRunAgain { get; set; }

    /// <summary>Whether it ends after the current run.</summary>
    public bool IsStopping { get; private set; }

    /// <summary>When a publisher of the same destination is to be opened after this one has stopped; null if none.</summary>
    public long? ReopenAt { get; set; }

    /// <summary>Whether its position is stored when it has stopped: the next one has another filter for later events.</summary>
    public bool StoresPosition { get; set; }

    /// <summary>The number of the last start. A retry that was planned before is void.</summary>
    public long Starts { get; private set; }

    /// <summary>Whether it waits and has nothing to deliver up to the position, which must be read before.</summary>
    public bool IsIdleAt(long position) => Waiting is { IsActive: true } && publisher.StoredPosition < position;

    public void Start(Action<PublisherRest?, Exception?> finished)
    {
        EndWait();
        (IsRunning, MustRunAgain) = (true, false);
        Starts++;
        Run = Task.Run(async () =>
        {
            try
            {
                finished(await publisher.RunAsync(_stop.Token), null);
            }
            catch (Exception failure)
            {
                finished(null, failure);
            }
        });
    }

    /// <summary>Ends the wait for an event. The publisher continues after the last position that was searched for it.</summary>
    public void EndWait()
    {
        if (Waiting is { } waiting)
        {
            waiting.End();
            publisher.SkipTo(waiting.Position);
            Waiting = null;
        }
    }

    /// <summary>Ends its run soon. Does nothing if it is stopping already, or has been disposed.</summary>
    public void Stop()
    {
        if (IsStopping)
        {
            return;
        }

        IsStopping = true;
        EndWait();
        _stop.Cancel();
    }

    /// <summary>Waits for the end of its run, and closes what it holds. A second call does nothing.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_isDisposed)
        {
            return;
        }

        _isDisposed = true;
        Stop();
        await Run;
        await publisher.DisposeAsync();
        _stop.Dispose();
    }
}
