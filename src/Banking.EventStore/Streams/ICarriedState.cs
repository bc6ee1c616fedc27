namespace Banking.EventStore.Streams;

/// <summary>
/// An event that carries the whole state of its stream: a fold can start there, and events before it may lie in an archive. It changes
/// nothing. <see cref="IEventSourced{TSelf}.Resume"/> reads the state.
/// </summary>
public interface ICarriedState<TState>
    where TState : class, IEventSourced<TState>;
