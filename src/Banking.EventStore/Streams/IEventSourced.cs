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
}
