namespace Banking.ReadModels.Locating;

/// <summary>
/// Finds the movements that may have made a figure wrong: those that make the difference between what it is and what was expected. The
/// rules are those by which bookkeepers search. A candidate is a hint and proves nothing.
/// </summary>
public static class MistakeSearch
{
    public const int MaxCandidates = 50;
    private const int MaxPairs = 10;

    /// <summary>The movements of one amount that are tried as the other half of a pair: the newest.</summary>
    private const int MaxEqual = 50;

    /// <summary>More movements than a person compares. Of a longer list of later movements the newest are shown.</summary>
    public const int MaxRecordedLater = 100;

    /// <summary>A corrected movement no longer makes the figure wrong.</summary>
    private const int CorrectedPenalty = 40;

    private static readonly TimeSpan DoubleBookingTime = TimeSpan.FromDays(7);

    /// <param name="difference">The figure less what was expected, in minor units.</param>
    /// <param name="wasRight">Whether the figure was as expected when that was stated: what came later makes the difference.</param>
    /// <returns>The best first.</returns>
    public static IReadOnlyList<MistakeCandidate> Find(
        IReadOnlyList<FigureMovement> movements, Int128 difference, bool wasRight = false)
    {
        if (difference == 0)
        {
            return [];
        }

        var byKey = movements.ToDictionary(m => m.Key);
        var twins = Twins(movements, difference);
        return
        [
            .. wasRight ? [Later(movements)] : (MistakeCandidate[])[],
            .. movements.Select(m => Single(m, twins, difference)).OfType<MistakeCandidate>()
                .Concat(Pairs(movements, difference))
                .OrderByDescending(c => c.Score)
                .ThenByDescending(c => byKey[c.Keys[0]].EffectiveAt)
                .ThenByDescending(c => c.Keys[0])
                .Take(wasRight ? MaxCandidates - 1 : MaxCandidates),
        ];
    }

    /// <summary>What was recorded later: nothing, if none of it is among the movements that are searched.</summary>
    private static MistakeCandidate Later(IReadOnlyList<FigureMovement> movements) => new(
        MistakeRule.RecordedLater,
        [.. movements.Where(m => m.IsLater).Select(m => m.Key).OrderDescending().Take(MaxRecordedLater)], null, 100);

    /// <summary>The best rule by which one movement makes the difference; null if none does.</summary>
    private static MistakeCandidate? Single(
        FigureMovement m, Dictionary<long, long> twins, Int128 difference)
    {
        var found = m.Amount == difference ? Whole(m, twins)
            : 2 * (Int128)m.Amount == difference ? new(MistakeRule.WrongDirection, [m.Key], -(Int128)m.Amount, 70)
            // The amount that would have been right has the same sign; both rules change it by a multiple of nine.
            : difference % 9 != 0 ? null
            : Digits.AreExchanged(m.Amount, m.Amount - difference)
                ? new(MistakeRule.ExchangedDigits, [m.Key], m.Amount - difference, 60)
            : Digits.AreShifted(m.Amount, m.Amount - difference)
                ? new MistakeCandidate(MistakeRule.DecimalShift, [m.Key], m.Amount - difference, 55)
            : null;
        return found is null ? null : found with
        {
            Score = found.Score - (m.IsCorrected ? CorrectedPenalty : 0) + (m.IsLater ? 5 : 0),
        };
    }

    private static MistakeCandidate Whole(FigureMovement m, Dictionary<long, long> twins) => twins.TryGetValue(m.Key, out var twin)
        ? new(MistakeRule.DoubleBooking, [m.Key, twin], null, 90)
        : new(MistakeRule.ExactAmount, [m.Key], null, 80);

    /// <summary>
    /// The movements of the difference that repeat an earlier one, with that one: the same counterparty within a few days.
    /// </summary>
    private static Dictionary<long, long> Twins(IReadOnlyList<FigureMovement> movements, Int128 difference)
    {
        var twins = new Dictionary<long, long>();
        foreach (var same in movements.Where(m => m.Amount == difference && !m.IsCorrected).GroupBy(m => m.Counterparty))
        {
            var ordered = same.OrderBy(m => m.EffectiveAt).ThenBy(m => m.Key).ToList();
            foreach (var (one, next) in ordered.Zip(ordered.Skip(1))
                .Where(p => p.Second.EffectiveAt - p.First.EffectiveAt <= DoubleBookingTime))
            {
                // The one that was recorded later is the second booking.
                twins[Math.Max(one.Key, next.Key)] = Math.Min(one.Key, next.Key);
            }
        }

        return twins;
    }

    /// <summary>Pairs that make the difference, those nearest in time.</summary>
    private static IEnumerable<MistakeCandidate> Pairs(IReadOnlyList<FigureMovement> movements, Int128 difference)
    {
        var byAmount = movements.Where(m => !m.IsCorrected && m.Amount != 0).GroupBy(m => m.Amount)
            .ToDictionary(g => (Int128)g.Key, g => g.OrderByDescending(m => m.Key).Take(MaxEqual).ToList());
        return movements
            .Where(m => !m.IsCorrected && m.Amount != 0 && m.Amount != difference)
            .Select(m => (
                First: m,
                Other: byAmount.GetValueOrDefault(difference - m.Amount, []).Where(o => o.Key < m.Key)
                    .OrderBy(o => (o.EffectiveAt - m.EffectiveAt).Duration()).Select(o => (FigureMovement?)o).FirstOrDefault()))
            .Where(p => p.Other is not null)
            .OrderBy(p => (p.Other!.Value.EffectiveAt - p.First.EffectiveAt).Duration()).ThenByDescending(p => p.First.Key)
            .Take(MaxPairs)
            .Select(p => new MistakeCandidate(MistakeRule.Pair, [p.First.Key, p.Other!.Value.Key], null, 40));
    }
}
