using Banking.EventStore.Log;
using JasperFx.Events;

namespace Banking.EventStore.Streams;

/// <summary>Folds the events of a stream.</summary>
public static class StreamFold
{
    /// <param name="events">The events of the stream in their order, from the first one or from one that carries the state.</param>
    /// <returns>The state; null without events.</returns>
    /// <exception cref="UnreadableEventException">An event cannot follow the ones before it.</exception>
    public static TState? Of<TState>(Guid id, IEnumerable<IEvent> events)
        where TState : class, IEventSourced<TState>
    {
        TState? state = null;
        foreach (var e in events)
        {
            try
            {
                state = Next(state, id, e);
            }
            catch (Exception failure) when (IsImpossible(failure))
            {
                throw new UnreadableEventException(e, failure);
            }
        }

        return state;
    }

    /// <summary>Applies an event to what was made of the ones before it.</summary>
    /// <exception cref="UnreadableEventException">The event cannot follow the ones before it.</exception>
    public static TResult Apply<TResult>(IEvent e, Func<TResult> apply)
    {
        try
        {
            return apply();
        }
        catch (Exception failure) when (IsImpossible(failure))
        {
            throw new UnreadableEventException(e, failure);
        }
    }

    /// <summary>Folds one more event. Without a state, an event after the first must carry it.</summary>
    /// <exception cref="InvalidOperationException">The event cannot follow the ones before it.</exception>
    public static TState Next<TState>(TState? state, Guid id, IEvent e)
        where TState : class, IEventSourced<TState>
    {
        return (state is null && e.Version > 1 ? TState.Resume(id, e.Data, e.Version, e.Timestamp) : null)
            ?? TState.Fold(state, id, e.Data, e.Timestamp);
    }

    /// <summary>
    /// Whether an event has the shape of its type but cannot be true, for instance because its currency differs from the earlier ones.
    /// </summary>
    private static bool IsImpossible(Exception failure) =>
        failure is InvalidOperationException or OverflowException or InvalidCastException;
}
