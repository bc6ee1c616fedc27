using Banking.EventStore.Log;
using JasperFx.Events;

namespace Banking.EventStore.Streams;

/// <summary>Folds the events of a stream.</summary>
public static class StreamFold
{
    /// <param name="events">All events of the stream, in their order.</param>
    /// <returns>The state; null without events.</returns>
    /// <exception cref="UnreadableEventException">An event cannot follow the ones before it.</exception>
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
                // The event has the shape of its type but cannot be true, for instance because its currency differs from the earlier ones.
                throw new UnreadableEventException(e, failure);
            }
        }

        return state;
    }
}
