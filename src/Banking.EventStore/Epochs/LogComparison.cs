namespace Banking.EventStore.Epochs;

/// <summary>The comparison of what a host knows with the log in the database.</summary>
/// <param name="Cause">Why a new epoch begins; null if none does.</param>
/// <param name="Lost">Epochs that the database lacks: it was restored to a state before them.</param>
/// <param name="Same">The checkpoints that the database has too.</param>
public sealed record LogComparison(string? Cause, IReadOnlyList<LogEpoch> Lost, IReadOnlyList<LogCheckpoint> Same)
{
    /// <param name="stored">The epochs in the database.</param>
    /// <param name="found">The events that the database has at the positions of the checkpoints.</param>
    public static LogComparison Of(KnownLog known, EpochHistory stored, LogPlace place, IReadOnlyDictionary<long, Guid> found)
    {
        var lost = known.Epochs.Where(e => !stored.Contains(e.Id)).ToList();
        // Another host, or the command restore, may have begun an epoch already. What it found different needs no further one. A host that
        // found nothing different had perhaps not read the events that this host misses.
        var isCurrent = known.Current.Id == stored.Current.Id;
        var end = lost.Count == 0 && stored.HasLostSince(known.Current.Id)
            ? stored.FirstDifference(known.Current.Id)!.Value
            : long.MaxValue;
        var checkpoints = known.Checkpoints.Where(c => c.Position < end).ToList();
        var same = FindSame(checkpoints, found);
        var isPlaceKnown = !LogPlace.Parse(known.Place).DiffersFrom(place)
            || (!isCurrent && !LogPlace.Parse(stored.Current.Place).DiffersFrom(place));
        return new(
            same.Count < checkpoints.Count || lost.Count > 0 ? EpochCause.Differs
                : isPlaceKnown ? null
                : known.IsComplete ? EpochCause.Moved
                : EpochCause.Differs,
            lost,
            same);
    }

    /// <summary>
    /// The checkpoints up to the last one that the database has, unless it has another event before. Where the log lies in the same place,
    /// one that is missing before an event that is there is a fault of the log (verify), and no restore.
    /// </summary>
    private static List<LogCheckpoint> FindSame(List<LogCheckpoint> checkpoints, IReadOnlyDictionary<long, Guid> found)
    {
        var same = 0;
        foreach (var (i, checkpoint) in checkpoints.Index())
        {
            if (checkpoint.Position == 0)
            {
                same = i + 1;
            }
            else if (found.TryGetValue(checkpoint.Position, out var stored))
            {
                if (stored != checkpoint.Event)
                {
                    break;
                }

                same = i + 1;
            }
        }

        return checkpoints[..same];
    }
}
