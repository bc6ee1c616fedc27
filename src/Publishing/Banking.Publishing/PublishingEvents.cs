namespace Banking.Publishing;

/// <summary>Publication to a destination, or of one type of event to it, stands still from here on.</summary>
/// <param name="Destination">The destination.</param>
/// <param name="Type">The type of event; absent for all.</param>
/// <param name="EffectiveAt">When it was held.</param>
public sealed record DestinationHeld(string Destination, string? Type, DateTimeOffset EffectiveAt);

/// <summary>Publication goes on where it stopped.</summary>
/// <param name="Destination">The destination.</param>
/// <param name="Type">The type of event; absent for all.</param>
/// <param name="EffectiveAt">When it was released.</param>
public sealed record DestinationReleased(string Destination, string? Type, DateTimeOffset EffectiveAt);

/// <summary>A destination is delivered the log from another place on.</summary>
/// <param name="Destination">The destination.</param>
/// <param name="Position">Everything after this position is delivered.</param>
/// <param name="EffectiveAt">When it was set.</param>
public sealed record DestinationSet(string Destination, long Position, DateTimeOffset EffectiveAt);

/// <summary>Events that a destination had rejected are offered to it again, and those that wait behind them.</summary>
/// <param name="Destination">The destination.</param>
/// <param name="Events">How many.</param>
/// <param name="EffectiveAt">When it was asked.</param>
public sealed record DeadLettersReplayed(string Destination, int Events, DateTimeOffset EffectiveAt);

/// <summary>An event that a destination had rejected is not offered to it any more; those that wait behind it are.</summary>
/// <param name="Destination">The destination.</param>
/// <param name="Event">The event.</param>
/// <param name="Account">The account that it is about.</param>
/// <param name="Cause">Why it had been rejected.</param>
/// <param name="EffectiveAt">When it was decided.</param>
public sealed record DeadLetterDiscarded(string Destination, string Event, Guid Account, string Cause, DateTimeOffset EffectiveAt);
