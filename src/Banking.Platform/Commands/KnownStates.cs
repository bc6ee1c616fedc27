using System.Collections.Concurrent;
using Banking.Platform.EventSourcing;

namespace Banking.Platform.Commands;

/// <summary>
/// The states that this host stored last, so that they need not be read again. Who finds one compares its version with the stream's,
/// under the stream's lock: a stream is only ever added to, so the same version is the same state, whoever else writes to it.
/// </summary>
internal sealed class KnownStates<TState>
    where TState : class, IEventSourced<TState>
{
    /// <summary>Beyond this, it starts over: it saves reading, it is not a register.</summary>
    private const int Most = 100_000;

    private readonly ConcurrentDictionary<Guid, TState> _states = new();

    public TState? Find(Guid id) => _states.GetValueOrDefault(id);

    /// <summary>To be told after the commit, never before.</summary>
    public void Remember(IEnumerable<TState> states)
    {
        if (_states.Count >= Most)
        {
            _states.Clear();
        }

        foreach (var state in states)
        {
            _states[state.Id] = state;
        }
    }

    /// <summary>Whoever is connected to anew may be a database that was restored, in which the same version is another state.</summary>
    public void Forget() => _states.Clear();
}
