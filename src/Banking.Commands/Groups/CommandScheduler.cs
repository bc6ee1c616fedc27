namespace Banking.Commands.Groups;

/// <summary>
/// Queue of commands that selects the next group. A command is ready unless one of its streams belongs to a running group, or to an
/// earlier command that has to wait. So running groups have no stream in common, and commands on the same stream never overtake each
/// other.
/// </summary>
/// <param name="streams">Returns the streams of an item.</param>
/// <param name="weight">Returns the number of commands in an item.</param>
public sealed class CommandScheduler<T>(Func<T, IReadOnlyCollection<Guid>> streams, Func<T, int> weight)
{
    private readonly HashSet<Guid> _running = [];

    /// <summary>Streams of running groups and of items that have to wait.</summary>
    private readonly HashSet<Guid> _reserved = [];

    private List<T> _waiting = [];
    private int _ready;

    public int Count => _waiting.Count;

    /// <summary>Number of items that are ready.</summary>
    public int Ready => _ready;

    public void Add(T item)
    {
        _waiting.Add(item);
        CountIfReady(item);
    }

    /// <summary>
    /// Removes and returns ready items up to a total weight; a single item may exceed it. Their streams stay reserved until
    /// <see cref="Free"/>.
    /// </summary>
    public IReadOnlyList<T> Take(int maxWeight)
    {
        if (_ready == 0)
        {
            return [];
        }

        var (group, rest, total) = (new List<T>(), new List<T>(), 0);
        var reserved = new HashSet<Guid>(_running);
        foreach (var item in _waiting)
        {
            if ((total == 0 || total + weight(item) <= maxWeight) && !reserved.Overlaps(streams(item)))
            {
                total += weight(item);
                group.Add(item);
            }
            else
            {
                reserved.UnionWith(streams(item));
                rest.Add(item);
            }
        }

        _running.UnionWith(group.SelectMany(streams));
        _waiting = rest;
        CountReady();
        return group;
    }

    /// <summary>Releases the streams of a group that has ended.</summary>
    /// <param name="deferred">Items of the group that were not decided. They go before all items that came later.</param>
    public void Free(IEnumerable<T> group, IReadOnlyCollection<T> deferred)
    {
        _running.ExceptWith(group.SelectMany(streams));
        _waiting.InsertRange(0, deferred);
        CountReady();
    }

    private void CountReady()
    {
        _ready = 0;
        _reserved.Clear();
        _reserved.UnionWith(_running);
        _waiting.ForEach(CountIfReady);
    }

    private void CountIfReady(T item)
    {
        if (_reserved.Overlaps(streams(item)))
        {
            _reserved.UnionWith(streams(item));
        }
        else
        {
            _ready++;
        }
    }
}
