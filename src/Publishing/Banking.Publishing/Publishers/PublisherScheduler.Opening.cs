using Microsoft.Extensions.Logging;

namespace Banking.Publishing.Publishers;

// How publishers are opened, stopped and opened again.
internal sealed partial class PublisherScheduler
{
    /// <summary>Publishers of one kind that use the database at a time: all of them take their connections from one pool.</summary>
    private const int MaxTurns = 6;

    private readonly Dictionary<string, long> _toOpen = [];
    private readonly Dictionary<string, SemaphoreSlim> _turns = [];
    private readonly Queue<ScheduledPublisher> _ended = new();

    private long NextOpening => _ended.Count > 0 ? 0 : _toOpen.Count == 0 ? long.MaxValue : _toOpen.Values.Min();

    /// <summary>
    /// Opens a publisher, after the former one with other settings. The checkpoint of that is moved first: a new filter applies to what is
    /// recorded from now on.
    /// </summary>
    private async Task BeginAsync(string name, CancellationToken ct)
    {
        if (!_publishers.TryGetValue(name, out var former))
        {
            _toOpen[name] = 0;
            return;
        }

        var position = subscriptions.Position;
        if (former.IsIdleAt(position))
        {
            await TryMoveAsync([former], position, ct);
        }

        former.StoresPosition = true;
        Stop(former, reopenAt: 0);
    }

    private void Reopen(ScheduledPublisher publisher, TimeSpan delay) => Stop(publisher, After(delay));

    private void Stop(ScheduledPublisher publisher, long? reopenAt)
    {
        publisher.ReopenAt = reopenAt;
        if (!publisher.IsStopping)
        {
            publisher.Stop();
            if (!publisher.IsRunning)
            {
                _ended.Enqueue(publisher);
            }
        }
    }

    private async Task CloseEndedAsync(CancellationToken ct)
    {
        while (_ended.TryDequeue(out var publisher))
        {
            await publisher.DisposeAsync();
            if (publisher.StoresPosition && publisher.Publisher.Position > publisher.Publisher.StoredPosition)
            {
                await TryMoveAsync([publisher], publisher.Publisher.Position, ct);
            }

            _publishers.Remove(publisher.Spec.Name);
            // A destination that was removed meanwhile is not opened again.
            if (publisher.ReopenAt is { } at && _specs.ContainsKey(publisher.Spec.Name))
            {
                _toOpen[publisher.Spec.Name] = at;
            }
        }
    }

    /// <summary>Opens the publishers that are due, all with the same few statements.</summary>
    private async Task OpenAsync(CancellationToken ct)
    {
        var now = _clock.GetTimestamp();
        if (NextOpening > now)
        {
            return;
        }

        if (highWaterMark.Server is not { } log)
        {
            _toOpen.Keys.ToList().ForEach(name => _toOpen[name] = After(PollInterval));
            return;
        }

        var due = _toOpen.Where(o => o.Value <= now).Select(o => _specs[o.Key]).ToList();
        IReadOnlyList<OpenedPublisher> opened;
        try
        {
            opened = await takeover.OpenAsync(due, log, ct);
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            _logger.LogWarning(failure, "Cannot open {Count} publishers; retrying", due.Count);
            due.ForEach(s => _toOpen[s.Name] = After(ReopenDelay));
            return;
        }

        foreach (var one in opened)
        {
            _toOpen.Remove(one.Row.Name);
            var spec = _specs[one.Row.Name];
            Begin(spec.Renew?.Invoke() ?? spec, one);
        }

        // The others are locked by another session.
        due.Where(s => _toOpen.ContainsKey(s.Name)).ToList().ForEach(s => _toOpen[s.Name] = After(ReopenDelay));
    }

    private void Begin(DestinationSpec spec, OpenedPublisher opened)
    {
        if (!_turns.TryGetValue(spec.Kind, out var turn))
        {
            _turns[spec.Kind] = turn = new(MaxTurns);
        }

        var publisher = new ScheduledPublisher(spec, new(spec, opened, turn, services));
        _publishers.Add(spec.Name, publisher);
        if (publisher.Publisher.HasBlockedAccounts)
        {
            // Their release may have been requested.
            Start(publisher);
        }
        else if (opened.Row.Pause is null)
        {
            Wait(publisher);
        }
    }
}
