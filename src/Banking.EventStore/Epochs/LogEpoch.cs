namespace Banking.EventStore.Epochs;

/// <summary>
/// A part of the life of the event log in which each position stands for one event for ever. A restore to an older state begins a new
/// epoch: from its first position on, a position may stand for another event than before (docs/decisions/0072).
/// </summary>
/// <param name="Number">The order of the epochs.</param>
/// <param name="FirstPosition">The first position that may differ from the former epoch. It is 1 for the first epoch.</param>
/// <param name="Cause">Why it began: a value of <see cref="EpochCause"/>.</param>
/// <param name="Place">Where the log lay when the epoch began (<see cref="LogPlace"/>).</param>
public sealed record LogEpoch(long Number, Guid Id, long FirstPosition, string Cause, string Place)
{
    /// <summary>The public name: 32 hexadecimal digits.</summary>
    public string Name { get; } = Id.ToString("N");
}

/// <summary>Stored reasons why an epoch began; permanent.</summary>
public static class EpochCause
{
    /// <summary>The log was created, or got its first epoch by a migration.</summary>
    public const string Created = "created";

    /// <summary>The command restore has restored a backup.</summary>
    public const string Restored = "restored";

    /// <summary>A host knew events that are missing, or that are others now; or it was killed, and the log lies elsewhere.</summary>
    public const string Differs = "differs";

    /// <summary>
    /// The log lies elsewhere: on another server or timeline, or in another database. Each event that the host had read is there.
    /// </summary>
    public const string Moved = "moved";
}

/// <summary>The epochs of a log, the oldest first.</summary>
public sealed record EpochHistory(IReadOnlyList<LogEpoch> Epochs)
{
    /// <summary>Stands for the epochs of a database that lost them. Its id is the name of no epoch.</summary>
    public static EpochHistory Lost { get; } =
        new([new(0, Guid.Empty, 1, EpochCause.Created, new LogPlace(null, null, "").ToString())]);

    public LogEpoch First => Epochs[0];

    public LogEpoch Current => Epochs[^1];

    public bool Contains(Guid epoch) => Epochs.Any(e => e.Id == epoch);

    /// <summary>Whether an epoch after a known one began because events may have been lost.</summary>
    public bool HasLostSince(Guid epoch) => Epochs.SkipWhile(e => e.Id != epoch).Skip(1).Any(e => e.Cause != EpochCause.Moved);

    /// <summary>
    /// The first position at which the current log may have another event than it had in an epoch; 1 for an epoch that the log does not
    /// know, null for the current one.
    /// </summary>
    public long? FirstDifference(Guid epoch) =>
        epoch == Current.Id ? null
        : Contains(epoch) ? Epochs.SkipWhile(e => e.Id != epoch).Skip(1).Min(e => e.FirstPosition)
        : 1;
}
