namespace Banking.Publishing;

/// <summary>Publication to a destination, or of one event type to it, was held.</summary>
/// <param name="Destination">The destination.</param>
/// <param name="Type">The event type; absent for all types.</param>
/// <param name="EffectiveAt">When publication was held.</param>
public sealed record DestinationHeld(string Destination, string? Type, DateTimeOffset EffectiveAt);

/// <summary>Publication was released at the position where it was held.</summary>
/// <param name="Destination">The destination.</param>
/// <param name="Type">The event type; absent for all types.</param>
/// <param name="EffectiveAt">When publication was released.</param>
public sealed record DestinationReleased(string Destination, string? Type, DateTimeOffset EffectiveAt);

/// <summary>The checkpoint of a destination was set.</summary>
/// <param name="Destination">The destination.</param>
/// <param name="Position">Events after this position are delivered.</param>
/// <param name="EffectiveAt">When the checkpoint was set.</param>
public sealed record DestinationSet(string Destination, long Position, DateTimeOffset EffectiveAt);

/// <summary>Delivery of rejected events was requested again, followed by the blocked events of their accounts.</summary>
/// <param name="Destination">The destination.</param>
/// <param name="Events">The number of rejected events.</param>
/// <param name="EffectiveAt">When it was requested.</param>
public sealed record DeadLettersReplayed(string Destination, int Events, DateTimeOffset EffectiveAt);

/// <summary>A rejected event was discarded: the destination does not receive it. The blocked events of its account follow.</summary>
/// <param name="Destination">The destination.</param>
/// <param name="Event">The id of the event.</param>
/// <param name="Account">The account of the event.</param>
/// <param name="Cause">The cause of the rejection.</param>
/// <param name="EffectiveAt">When the event was discarded.</param>
public sealed record DeadLetterDiscarded(string Destination, string Event, Guid Account, string Cause, DateTimeOffset EffectiveAt);
