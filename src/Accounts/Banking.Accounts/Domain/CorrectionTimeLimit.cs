namespace Banking.Accounts.Domain;

/// <summary>
/// How far back a correction may move a transaction: as far as any backdated command, or to a time at which the transaction was effective
/// before. Otherwise a correction would pass the limit that holds for the transaction itself.
/// </summary>
/// <param name="Original">The earliest known effective time of the transaction.</param>
internal sealed record CorrectionTimeLimit(BackdatingRule Rule, DateTimeOffset Original)
{
    /// <param name="first">The transaction at the beginning of the chain. A date that was corrected by mistake can be put back.</param>
    public static CorrectionTimeLimit Of(BackdatingRule rule, BookedTransaction corrected, BookedTransaction? first) =>
        new(rule, Earlier(corrected.Booking.EffectiveAt, first?.Booking.EffectiveAt ?? corrected.Booking.EffectiveAt));

    public DateTimeOffset EarliestAt(DateTimeOffset now) => Earlier(Rule.EarliestAt(now), Original);

    /// <summary>The start of a timeline for any permitted time.</summary>
    public DateTimeOffset ReadFrom(DateTimeOffset now) => Earlier(Rule.ReadFrom(now), Original);

    private static DateTimeOffset Earlier(DateTimeOffset a, DateTimeOffset b) => a < b ? a : b;
}
