namespace Banking.Publishing;

/// <summary>Publication to a destination, or of one event type to it, was paused.</summary>
/// <param name="Destination">The destination.</param>
/// <param name="Type">The event type; absent for all types.</param>
/// <param name="EffectiveAt">When publication was paused.</param>
public sealed record DestinationPaused(string Destination, string? Type, DateTimeOffset EffectiveAt);

/// <summary>
/// The database was restored to an older state, or moved: from a position on, the log may have other events than before.
/// </summary>
/// <param name="Epoch">The epoch that began: 32 hexadecimal digits.</param>
/// <param name="FormerEpoch">The epoch before it.</param>
/// <param name="FirstPosition">The first position that may stand for another event than in the former epoch.</param>
/// <param name="Cause">How the bank learned it: restored, differs or moved.</param>
/// <param name="EffectiveAt">When the bank found it.</param>
public sealed record LogRestored(string Epoch, string FormerEpoch, long FirstPosition, string Cause, DateTimeOffset EffectiveAt)
{
    /// <summary>The type of the published event; permanent.</summary>
    public const string PublicType = "banking.log.restored.v1";
}

/// <summary>Publication was released at the position where it was paused.</summary>
/// <param name="Destination">The destination.</param>
/// <param name="Type">The event type; absent for all types.</param>
/// <param name="EffectiveAt">When publication was released.</param>
public sealed record DestinationReleased(string Destination, string? Type, DateTimeOffset EffectiveAt);

/// <summary>The checkpoint of a destination was set.</summary>
/// <param name="Destination">The destination.</param>
/// <param name="Position">Events after this position are delivered.</param>
/// <param name="EffectiveAt">When the checkpoint was set.</param>
public sealed record DestinationSet(string Destination, long Position, DateTimeOffset EffectiveAt)
{
    /// <summary>The stored name; permanent.</summary>
    internal const string Name = "publishing.destination-set.v1";
}

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
public sealed record DeadLetterDiscarded(string Destination, string Event, Guid Account, string Cause, DateTimeOffset EffectiveAt)
{
    /// <summary>The stored name; permanent.</summary>
    internal const string Name = "publishing.dead-letter-discarded.v1";
}
