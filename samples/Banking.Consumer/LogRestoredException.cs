namespace Banking.Consumer;

/// <summary>
/// The bank's database was restored to an older state: it no longer has events that this consumer may have applied. A book that keeps
/// each event with its position would drop those of the former epoch from the first position of the new one on. This one keeps only sums,
/// so it must start again from the first event.
/// </summary>
public sealed class LogRestoredException(string reason)
    : Exception(
        $"The bank's log is another one than before: {reason} Start again. From a broker, first let it have the log of the new epoch "
            + "alone: use a new topic or queue, and set the position of the bank's destination to 0.");
