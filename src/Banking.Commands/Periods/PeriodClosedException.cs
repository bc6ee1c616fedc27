namespace Banking.Commands.Periods;

/// <summary>Imported history would be effective in a closed period.</summary>
/// <param name="row">The key of its first such row.</param>
public sealed class PeriodClosedException(string row, DateTimeOffset effectiveAt, DateTimeOffset openFrom) : Exception(
    $"Row {row} is effective at {effectiveAt:O}, but the books are closed up to {openFrom:O}. Reopen the periods, or import an opening "
        + "balance instead of the history.");
