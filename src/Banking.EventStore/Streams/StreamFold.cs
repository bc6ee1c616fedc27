using Banking.EventStore.Log;
using JasperFx.Events;

namespace Banking.EventStore.Streams;

/// <summary>The state that a stream's events make.</summary>
public static class StreamFold
{
    /// <param name="events">All events of the stream from its first on, in their order.</param>
    /// <returns>Null where there are none.</returns>
    /// <exception cref="UnreadableEventException">One of them cannot follow those before it.</exception>
    public static TState? Of<TState>(Guid id, IEnumerable<IEvent> events)
        where TState : class, IEventSourced<TState>
    {
        ArgumentNullException.ThrowIfNull(events);
        TState? state = null;
        foreach (var e in events)
        {
            try
            {
                state = TState.Fold(state, id, e.Data, e.Timestamp);
            }
            catch (Exception failure) when (failure is InvalidOperationException or OverflowException or InvalidCastException)
            {
                // It says what its type says, and cannot be true: another currency than the account's, a balance that no account can hold.
                throw new UnreadableEventException(e, failure);
            }
        }

        return state;
    }
}
