using System.Threading.Channels;
using Banking.EventStore.Log;
using Banking.Publishing.Log;
using Microsoft.Extensions.Logging;

namespace Banking.Publishing.Publishers;

/// <summary>
/// Runs the publishers of the leading host when they have something to do: a new event that their destination takes, a request of an
/// operator, or a retry that is due. All others only wait, whatever their number: they have no task, timer or query of their own, and their
/// checkpoints are moved together.
/// <para>One loop decides. Everything that happens elsewhere is posted to it.</para>
/// </summary>
internal sealed partial class PublisherScheduler(
    IEnumerable<IDestinationSource> sources,
    PublisherTakeover takeover,
    IdleCheckpoints checkpoints,
    LogSubscriptions subscriptions,
    DestinationChanges changes,
    HighWaterMark highWaterMark,
    PublisherSignals signals,
    PublisherServices services)
{
    /// <summary>Pause before a publisher that failed, or was taken over, is opened again.</summary>
    private static readonly TimeSpan ReopenDelay = TimeSpan.FromSeconds(1);

    /// <summary>
    /// With many publishers the pause is so much for each: all may fail for one reason, such as an event far back in the log that cannot be
    /// read.
    /// </summary>
    private static readonly TimeSpan ReopenDelayPerPublisher = TimeSpan.FromMilliseconds(2);

    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(50);

    private readonly Channel<Action> _posted = Channel.CreateUnbounded<Action>(new() { SingleReader = true });
    private readonly Dictionary<string, ScheduledPublisher> _publishers = [];
    private readonly PriorityQueue<(ScheduledPublisher Publisher, long Start), long> _retries = new();
    private readonly TimeProvider _clock = services.Clock;
    private readonly ILogger _logger = services.Logger;

    /// <summary>Runs until it is cancelled; then it stops all publishers.</summary>
    public async Task RunAsync(CancellationToken ct)
    {
        var log = await WaitForLogAsync(ct);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(ct);
        // Begins before the first list: what changes after that list is reported.
        var following = changes.FollowAsync(highWaterMark.Complete, log, c => Post(() => OnChanged(c)), over.Token);
        signals.Requested += RequestFromOutside;
        subscriptions.Changed += OnLogRead;
        try
        {
            while (true)
            {
                await CloseEndedAsync(ct);
                await ArrangeAsync(ct);
                await OpenAsync(ct);
                await RetryUnreadableAsync(ct);
                await MoveCheckpointsAsync(ct);
                await WaitAsync(ct);
            }
        }
        finally
        {
            signals.Requested -= RequestFromOutside;
            subscriptions.Changed -= OnLogRead;
            await over.CancelAsync();
            await following.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await StopAsync();
        }
    }

    private void RequestFromOutside(string name) => Post(() => Request(name));

    private void Post(Action action) => _posted.Writer.TryWrite(action);

    /// <summary>The current log. Until the high-water mark is known, no position can be compared with it.</summary>
    private async Task<string> WaitForLogAsync(CancellationToken ct)
    {
        string? log;
        while ((log = highWaterMark.Server) is null)
        {
            await Task.Delay(PollInterval, _clock, ct);
        }

        return log;
    }

    /// <summary>Waits for the next thing to do, and does what was posted and what is due.</summary>
    private async Task WaitAsync(CancellationToken ct)
    {
        var now = _clock.GetTimestamp();
        var due = Math.Min(Math.Min(NextArrangement, NextOpening), NextMove);
        due = _retries.TryPeek(out _, out var retry) ? Math.Min(due, retry) : due;
        if (due > now)
        {
            using var posted = CancellationTokenSource.CreateLinkedTokenSource(ct);
            await Task.WhenAny(
                _posted.Reader.WaitToReadAsync(posted.Token).AsTask(),
                Task.Delay(_clock.GetElapsedTime(now, due), _clock, posted.Token));
            await posted.CancelAsync();
        }

        ct.ThrowIfCancellationRequested();
        while (_posted.Reader.TryRead(out var action))
        {
            action();
        }

        while (_retries.TryPeek(out var next, out var at) && at <= _clock.GetTimestamp())
        {
            _retries.Dequeue();
            if (next.Publisher.Starts == next.Start && !next.Publisher.IsStopping)
            {
                Start(next.Publisher);
            }
        }
    }

    /// <summary>An operator has made a request about a publisher, or the bank itself has paused it.</summary>
    private void Request(string name)
    {
        if (_publishers.TryGetValue(name, out var publisher) && !publisher.IsStopping)
        {
            publisher.Publisher.CheckReleases();
            Start(publisher);
        }
    }

    private void Start(ScheduledPublisher publisher)
    {
        if (publisher.IsRunning)
        {
            publisher.MustRunAgain = true;
            return;
        }

        publisher.Start((rest, failure) => Post(() => OnFinished(publisher, rest, failure)));
    }

    private void OnFinished(ScheduledPublisher publisher, PublisherRest? rest, Exception? failure)
    {
        publisher.IsRunning = false;
        if (publisher.IsStopping)
        {
            _ended.Enqueue(publisher);
        }
        else if (failure is not null)
        {
            if (failure is not CheckpointMovedException)
            {
                _logger.LogWarning(
                    failure, "Publication to {Destination} failed; it restarts from its checkpoint", publisher.Spec.Name);
            }

            var delay = ReopenDelayPerPublisher * _publishers.Count;
            Reopen(publisher, delay > ReopenDelay ? delay : ReopenDelay);
        }
        else if (publisher.MustRunAgain)
        {
            Start(publisher);
        }
        else if (rest is { RetryAfter: { } after })
        {
            _retries.Enqueue((publisher, publisher.Starts), After(after));
        }
        else if (rest is { IsPaused: false })
        {
            Wait(publisher);
        }
    }

    /// <summary>Lets a publisher wait for the next event that its destination takes.</summary>
    private void Wait(ScheduledPublisher publisher)
    {
        publisher.Waiting = subscriptions.Subscribe(
            publisher.Spec.Filter,
            publisher.Publisher.Position,
            publisher.Publisher.Log,
            () => Post(() => OnWoken(publisher)));
        if (publisher.Waiting is null)
        {
            // Far behind the log.
            Start(publisher);
        }
        else if (publisher.Publisher.StoredPosition < publisher.Publisher.Position)
        {
            // It has read on by itself: its checkpoint is moved without waiting for the next page.
            _isLogRead = true;
        }
    }

    private void OnWoken(ScheduledPublisher publisher)
    {
        if (publisher.Waiting is not { IsActive: false } waiting)
        {
            return;
        }

        if (waiting.Reason == LogWake.LogReplaced)
        {
            Reopen(publisher, TimeSpan.Zero);
        }
        else
        {
            Start(publisher);
        }
    }

    private long After(TimeSpan delay) => _clock.GetTimestamp() + (long)(delay.TotalSeconds * _clock.TimestampFrequency);

    /// <summary>Stops all publishers, and stores how far those have come that had nothing to deliver.</summary>
    private async Task StopAsync()
    {
        var position = subscriptions.Position;
        var idle = _publishers.Values.Where(p => p.IsIdleAt(position)).ToList();
        foreach (var publisher in _publishers.Values)
        {
            publisher.Stop();
        }

        await Task.WhenAll(_publishers.Values.Select(p => p.DisposeAsync().AsTask()));
        using var timeout = new CancellationTokenSource(StopTimeout, _clock);
        try
        {
            foreach (var chunk in idle.Chunk(MaxMoves))
            {
                await MoveAsync(chunk, position, timeout.Token);
            }
        }
        catch (Exception failure) when (IsOfDatabase(failure) || failure is OperationCanceledException)
        {
            _logger.LogDebug(failure, "Cannot move the checkpoints of idle publishers; the next host reads on from the former ones");
        }
    }
}
