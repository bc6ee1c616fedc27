using System.Collections.Frozen;
using JasperFx.Events;

namespace Banking.EventStore.Versions;

/// <summary>The versions of events that this host writes.</summary>
public sealed class EventVersions
{
    /// <summary>The earlier version that is written of an event; events of other types are written in their newest version.</summary>
    private readonly FrozenDictionary<Type, EarlierVersion> _written;

    private readonly EventSettings _settings;

    public EventVersions(IEnumerable<EarlierVersion> earlier, EventSettings settings)
    {
        _settings = settings;
        Earlier = [.. earlier.OrderBy(v => v.ReplacedOn)];
        _written = settings.WriteVersionsOf is { } day
            ? Earlier.Where(v => day < v.ReplacedOn).GroupBy(v => v.Present).ToFrozenDictionary(e => e.Key, e => e.First())
            : FrozenDictionary<Type, EarlierVersion>.Empty;
    }

    /// <summary>All earlier versions, oldest first.</summary>
    public IReadOnlyList<EarlierVersion> Earlier { get; }

    /// <summary>Whether this host writes what releases before a day cannot read.</summary>
    public bool Writes(DateOnly since) => _settings.Writes(since);

    /// <summary>
    /// Whether an event can be stored. If not, it says something that the earlier version which this host writes does not know.
    /// </summary>
    public bool CanStore(object data)
    {
        return !_written.TryGetValue(data.GetType(), out var earlier) || earlier.Downcast(data) is not null;
    }

    /// <summary>The name under which this host writes an event.</summary>
    /// <param name="present">Its present name.</param>
    public string WrittenName(Type data, string present) => _written.TryGetValue(data, out var earlier) ? earlier.Name : present;

    /// <summary>The name and the data under which an event is stored.</summary>
    public (string Name, object Data) StoredForm(IEvent e)
    {
        return !_written.TryGetValue(e.EventType, out var earlier)
            ? (e.EventTypeName, e.Data)
            : (
                earlier.Name,
                earlier.Downcast(e.Data) ?? throw new InvalidOperationException($"{earlier.Name} cannot say what {e.EventTypeName} says."));
    }
}
