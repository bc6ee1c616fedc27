namespace Banking.EventStore.Streams;

/// <summary>
/// A state that is folded from the events of its stream. Commands, projections, time travel and tests use the same <see cref="Fold"/>: two
/// implementations would one day disagree.
/// </summary>
public interface IEventSourced<TSelf>
    where TSelf : class, IEventSourced<TSelf>
{
    Guid Id { get; }

    /// <summary>The number of events folded into this state, which is the version of its stream.</summary>
    long Version { get; }

    /// <summary>Whether nothing has changed since an earlier version: only an <see cref="ICarriedState{TState}"/> was appended.</summary>
    bool IsUnchangedSince(long version) => version == Version;

    /// <summary>Recorded time of the last event.</summary>
    DateTimeOffset RecordedAt { get; }

    /// <summary>Stored type name of these streams.</summary>
    static abstract string StreamType { get; }

    /// <summary>
    /// Whether its streams have an index of their own (<see cref="StreamIndex"/>), for a type with few streams that are often searched.
    /// </summary>
    static virtual bool IsIndexed => false;

    /// <summary>
    /// Returns the state after one more event. Accepts every event ever stored; throws if the event cannot follow the state.
    /// </summary>
    static abstract TSelf Fold(TSelf? state, Guid id, object @event, DateTimeOffset recordedAt);

    /// <summary>
    /// Returns the state that an <see cref="ICarriedState{TState}"/> carries, so that a fold can start at this event instead of the first
    /// (ADR 0077). It equals the fold of all events up to this one. Null for any other event.
    /// </summary>
    /// <param name="version">The version of the stream at this event.</param>
    static virtual TSelf? Resume(Guid id, object @event, long version, DateTimeOffset recordedAt) => null;
}
