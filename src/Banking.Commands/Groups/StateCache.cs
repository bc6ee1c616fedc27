using System.Collections.Concurrent;
using Banking.EventStore.Streams;

namespace Banking.Commands.Groups;

/// <summary>
/// The states that this host stored last, so that they need not be read again. A remembered state counts only while the last event of its
/// stream, read under the stream's lock, is the event that made it. The version is not enough: after a restore in place other events have
/// the same versions.
/// </summary>
internal sealed class StateCache<TState>
    where TState : class, IEventSourced<TState>
{
    /// <summary>Beyond this, it starts over: it saves reading, it is not a register.</summary>
    private const int MaxStates = 100_000;

    private readonly ConcurrentDictionary<Guid, StoredState<TState>> _states = new();

    public StoredState<TState>? Find(Guid id) => _states.GetValueOrDefault(id);

    /// <summary>To be called after the commit, never before.</summary>
    public void Remember(IEnumerable<StoredState<TState>> states)
    {
        if (_states.Count >= MaxStates)
        {
            _states.Clear();
        }

        foreach (var stored in states)
        {
            _states[stored.State.Id] = stored;
        }
    }

    /// <summary>
    /// A new connection may reach another server. Its events would be told apart anyway; this only frees what is of no use there.
    /// </summary>
    public void Forget() => _states.Clear();
}
