using Banking.EventStore.Storage;
using Banking.EventStore.Streams;

namespace Banking.Commands.Groups;

/// <summary>
/// Cache of the states that this host stored last, which saves reading them. A cached state is valid only while the last event of its
/// stream, read under the stream's lock, is the event that made it. Comparing versions is not enough: after a restore in place other
/// events have the same versions.
/// </summary>
internal sealed class StateCache<TState>
    where TState : class, IEventSourced<TState>
{
    private const int MaxStates = 100_000;

    private readonly BoundedCache<Guid, StoredState<TState>> _states = new(MaxStates);

    public StoredState<TState>? Find(Guid id) => _states.TryGet(id, out var found) ? found : null;

    /// <summary>Call this after the commit, never before.</summary>
    public void Remember(IEnumerable<StoredState<TState>> states)
    {
        foreach (var stored in states)
        {
            _states.Set(stored.State.Id, stored);
        }
    }

    /// <summary>
    /// Clears the cache, because a new connection may reach another server. The states of the former one would be recognised as invalid
    /// anyway; clearing frees their memory.
    /// </summary>
    public void Forget() => _states.Clear();
}
