using Microsoft.Extensions.Logging;

namespace Banking.Publishing.Publishers;

// Which destinations have a publisher.
internal sealed partial class PublisherScheduler
{
    /// <summary>How often sources are asked whether their list has changed; those with stored destinations answer from memory.</summary>
    private static readonly TimeSpan ListInterval = TimeSpan.FromSeconds(1);

    /// <summary>Publishers of one kind that use the database at a time: all of them take their connections from one pool.</summary>
    private const int MaxTurns = 6;

    private readonly Dictionary<IDestinationSource, IReadOnlyList<DestinationSpec>> _lists = [];
    private readonly HashSet<IDestinationSource> _mustCleanUp = [];
    private readonly Dictionary<string, DestinationSpec> _specs = [];
    private readonly Dictionary<Guid, string> _namesByStream = [];
    private readonly Dictionary<string, long> _toOpen = [];
    private readonly Dictionary<string, SemaphoreSlim> _turns = [];
    private readonly HashSet<Guid> _changed = [];
    private readonly Queue<ScheduledPublisher> _ended = new();
    private bool _mustListAll;
    private long _nextList;

    private long NextArrangement => _nextList;

    private long NextOpening => _ended.Count > 0 ? 0 : _toOpen.Count == 0 ? long.MaxValue : _toOpen.Values.Min();

    private void OnChanged(IReadOnlyCollection<Guid>? streams)
    {
        _nextList = 0;
        if (streams is null)
        {
            // Positions of the former log mean nothing in this one.
            _mustListAll = true;
            foreach (var publisher in _publishers.Values.ToList())
            {
                Reopen(publisher, TimeSpan.Zero);
            }

            return;
        }

        _changed.UnionWith(streams);
        foreach (var stream in streams)
        {
            if (_namesByStream.TryGetValue(stream, out var name))
            {
                Request(name);
            }
        }
    }

    /// <summary>Asks the sources for their destinations. If one fails, its last list stays in force.</summary>
    private async Task ArrangeAsync(CancellationToken ct)
    {
        if (_clock.GetTimestamp() < _nextList)
        {
            return;
        }

        var changed = _changed.ToList();
        var failed = false;
        foreach (var source in sources)
        {
            try
            {
                await ArrangeAsync(source, changed, ct);
            }
            catch (Exception failure) when (failure is not OperationCanceledException)
            {
                failed = true;
                _logger.LogWarning(
                    failure,
                    "{Source} cannot list its destinations; the publishers of its last list continue",
                    source.GetType().Name);
            }
        }

        if (!failed)
        {
            _changed.ExceptWith(changed);
            _mustListAll = false;
        }

        _nextList = After(ListInterval);
    }

    private async Task ArrangeAsync(IDestinationSource source, IReadOnlyCollection<Guid> changed, CancellationToken ct)
    {
        var last = _lists.GetValueOrDefault(source);
        var next = last is null || _mustListAll ? await source.ListAsync(ct) : await source.ListAsync(last, changed, ct);
        if (last is null)
        {
            _mustCleanUp.Add(source);
        }

        if (!ReferenceEquals(last, next))
        {
            await ApplyAsync(source, last ?? [], next, ct);
            _lists[source] = next;
        }

        if (_mustCleanUp.Contains(source) && !_publishers.Values.Any(UsesFormerSettings))
        {
            await source.CleanUpAsync([.. next.Select(s => s.Name)], ct);
            _mustCleanUp.Remove(source);
        }
    }

    /// <summary>
    /// Whether the publisher still stops and may use what only its former settings need. One that stops because its destination failed does
    /// not count: with many such destinations there is always one.
    /// </summary>
    private bool UsesFormerSettings(ScheduledPublisher publisher) =>
        publisher.IsStopping && _specs.GetValueOrDefault(publisher.Spec.Name)?.Settings != publisher.Spec.Settings;

    private async Task ApplyAsync(
        IDestinationSource source, IReadOnlyList<DestinationSpec> last, IReadOnlyList<DestinationSpec> next, CancellationToken ct)
    {
        var names = next.Select(s => s.Name).ToHashSet();
        foreach (var removed in last.Where(s => !names.Contains(s.Name)))
        {
            _specs.Remove(removed.Name);
            _namesByStream.Remove(PublisherControl.StreamOf(removed.Name));
            _toOpen.Remove(removed.Name);
            _mustCleanUp.Add(source);
            if (_publishers.TryGetValue(removed.Name, out var publisher))
            {
                Stop(publisher, reopenAt: null);
            }
        }

        foreach (var spec in next)
        {
            var known = _specs.GetValueOrDefault(spec.Name);
            if (known?.Settings == spec.Settings)
            {
                continue;
            }

            _specs[spec.Name] = spec;
            _namesByStream[PublisherControl.StreamOf(spec.Name)] = spec.Name;
            if (known is not null || spec.HadOtherSettings)
            {
                _mustCleanUp.Add(source);
            }

            await BeginAsync(spec.Name, ct);
        }
    }

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
