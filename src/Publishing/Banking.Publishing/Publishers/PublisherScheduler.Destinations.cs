using Microsoft.Extensions.Logging;

namespace Banking.Publishing.Publishers;

// Which destinations have a publisher.
internal sealed partial class PublisherScheduler
{
    /// <summary>How often sources are asked whether their list has changed; those with stored destinations answer from memory.</summary>
    private static readonly TimeSpan ListInterval = TimeSpan.FromSeconds(1);

    private readonly Dictionary<IDestinationSource, IReadOnlyList<DestinationSpec>> _lists = [];
    private readonly HashSet<IDestinationSource> _mustCleanUp = [];
    private readonly Dictionary<string, DestinationSpec> _specs = [];
    private readonly Dictionary<Guid, string> _namesByStream = [];
    private readonly HashSet<Guid> _changed = [];
    private bool _mustListAll;
    private long _nextList;

    private long NextArrangement => _nextList;

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
}
