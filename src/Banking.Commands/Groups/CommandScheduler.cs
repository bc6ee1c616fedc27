namespace Banking.Commands.Groups;

/// <summary>
/// Commands in the order in which they came, and which of them may go: all but those whose streams are at work in a group, or are wanted by
/// one that came before and has to wait. So groups that are at work at once have no stream in common, and none overtakes another on a
/// stream.
/// </summary>
/// <param name="streams">The streams that one concerns.</param>
/// <param name="weight">How many commands one stands for.</param>
public sealed class CommandScheduler<T>(Func<T, IReadOnlyCollection<Guid>> streams, Func<T, int> weight)
{
    private readonly HashSet<Guid> _atWork = [];

    /// <summary>Those at work, and those that are wanted by somebody who has to wait.</summary>
    private readonly HashSet<Guid> _taken = [];

    private List<T> _waiting = [];
    private int _ready;

    public int Count => _waiting.Count;

    /// <summary>How many of them may go.</summary>
    public int Ready => _ready;

    public void Add(T item)
    {
        _waiting.Add(item);
        Place(item);
    }

    /// <summary>
    /// Those that may go, up to a weight; one of them may be heavier. Their streams are at work until they are told to be free.
    /// </summary>
    public IReadOnlyList<T> Take(int most)
    {
        if (_ready == 0)
        {
            return [];
        }

        var (group, rest, total) = (new List<T>(), new List<T>(), 0);
        var taken = new HashSet<Guid>(_atWork);
        foreach (var item in _waiting)
        {
            if ((total == 0 || total + weight(item) <= most) && !taken.Overlaps(streams(item)))
            {
                total += weight(item);
                group.Add(item);
            }
            else
            {
                taken.UnionWith(streams(item));
                rest.Add(item);
            }
        }

        _atWork.UnionWith(group.SelectMany(streams));
        _waiting = rest;
        Place();
        return group;
    }

    /// <summary>A group is over.</summary>
    /// <param name="again">Those of it that were not done: they go before all that came later.</param>
    public void Free(IEnumerable<T> group, IReadOnlyCollection<T> again)
    {
        _atWork.ExceptWith(group.SelectMany(streams));
        _waiting.InsertRange(0, again);
        Place();
    }

    private void Place()
    {
        _ready = 0;
        _taken.Clear();
        _taken.UnionWith(_atWork);
        _waiting.ForEach(Place);
    }

    private void Place(T item)
    {
        if (_taken.Overlaps(streams(item)))
        {
            _taken.UnionWith(streams(item));
        }
        else
        {
            _ready++;
        }
    }
}
