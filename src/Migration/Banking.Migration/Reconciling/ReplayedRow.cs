namespace Banking.Migration.Reconciling;

/// <summary>The comparison of a row's amount with the change of the recorded balance.</summary>
internal enum Verdict
{
    /// <summary>Amount and change are equal.</summary>
    Exact,

    /// <summary>The amount was exported rounded. A correction books the difference.</summary>
    Rounded,

    /// <summary>The file lacks a booking between the previous row and this one.</summary>
    Gap,
}

/// <summary>A row in booking order with its comparison.</summary>
/// <param name="Difference">The change of the recorded balance minus the row's change.</param>
/// <param name="Replayed">
/// The account's balance after the row and its correction, if any. It contains all earlier gaps of the account.
/// </param>
internal readonly record struct ReplayedRow(BookedRow Row, long Difference, long Replayed)
{
    /// <summary>The source rounded exported amounts to 0.10, so a difference of up to ten hellers is a rounding error.</summary>
    public const long RoundingLimit = 10;

    public Verdict Verdict => Judge(Difference);

    public static Verdict Judge(Int128 difference) =>
        difference == 0 ? Verdict.Exact : Int128.Abs(difference) <= RoundingLimit ? Verdict.Rounded : Verdict.Gap;
}
