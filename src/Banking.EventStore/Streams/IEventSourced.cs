namespace Banking.EventStore.Streams;

/// <summary>
/// A state that is the fold of its stream. The one <see cref="Fold"/> serves commands, projections, time travel and tests:
/// two folds would one day disagree about somebody's money.
/// </summary>
public interface IEventSourced<TSelf>
    where TSelf : class, IEventSourced<TSelf>
{
    Guid Id { get; }

    /// <summary>How many events made this state: the version of its stream.</summary>
    long Version { get; }

    /// <summary>When the bank learned the last of them.</summary>
    DateTimeOffset RecordedAt { get; }

    /// <summary>The stored name of such streams.</summary>
    static abstract string StreamType { get; }

    /// <summary>
    /// Whether its streams have an index of their own (<see cref="StreamIndex"/>): few among many others, and often looked for.
    /// </summary>
    static virtual bool IsIndexed => false;

    /// <summary>The state after one more event. Total over what was ever stored; throws on an order that cannot be.</summary>
    static abstract TSelf Fold(TSelf? state, Guid id, object @event, DateTimeOffset recordedAt);
}
