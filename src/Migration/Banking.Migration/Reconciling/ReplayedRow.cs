namespace Banking.Migration.Reconciling;

/// <summary>How a row's amount compares with the change of the recorded balance.</summary>
internal enum Verdict
{
    /// <summary>They are equal.</summary>
    Exact,

    /// <summary>The amount was printed rounded: a correction makes up the difference.</summary>
    Rounded,

    /// <summary>Something between this row and the one before it is not in the file.</summary>
    Gap,
}

/// <summary>A row in its place, judged.</summary>
/// <param name="Difference">Recorded change less the row's own: what the row, or the file, does not account for.</param>
/// <param name="Replayed">
/// The account's balance once the row, and its correction if it is rounded, are booked. It carries every gap that came before on the
/// account.
/// </param>
internal readonly record struct ReplayedRow(BookedRow Row, long Difference, long Replayed)
{
    /// <summary>The bank printed amounts to 0.10 where it kept more: a miss of up to ten hellers is rounding, eleven are not.</summary>
    public const long RoundingLimit = 10;

    public Verdict Verdict => VerdictOn(Difference);

    public static Verdict VerdictOn(long difference) =>
        difference == 0 ? Verdict.Exact : Math.Abs(difference) <= RoundingLimit ? Verdict.Rounded : Verdict.Gap;
}
