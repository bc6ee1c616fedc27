using Banking.ReadModels.Locating;

namespace Banking.Operations.Tests;

/// <summary>Each rule finds the mistake that it is for, and the better rule comes first.</summary>
public sealed class MistakeSearchTests
{
    private static readonly DateTimeOffset Day = new(2026, 11, 1, 0, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData(1250, 1250, MistakeRule.ExactAmount, null)]
    [InlineData(-70, -70, MistakeRule.ExactAmount, null)]
    [InlineData(-70, -140, MistakeRule.WrongDirection, 70)]
    [InlineData(4521, 4521 - 4251, MistakeRule.ExchangedDigits, 4251)]
    [InlineData(12, 12 - 21, MistakeRule.ExchangedDigits, 21)]
    [InlineData(120, 120 - 12, MistakeRule.DecimalShift, 12)]
    [InlineData(500, 500 - 50_000, MistakeRule.DecimalShift, 50_000)]
    [InlineData(-4521, 4251 - 4521, MistakeRule.ExchangedDigits, -4251)]
    public void A_single_movement_is_found_by_its_rule(long amount, long difference, MistakeRule rule, int? right)
    {
        var found = MistakeSearch.Find([Movement(1, 0, 7), Movement(2, 1, amount)], difference);

        var candidate = found[0];
        Assert.Equal(rule, candidate.Rule);
        Assert.Equal([2L], candidate.Keys);
        Assert.Equal(right, (long?)candidate.RightAmount);
    }

    [Fact]
    public void Two_bookings_of_one_payment_are_a_double_booking_and_those_of_two_payments_are_not()
    {
        var found = MistakeSearch.Find(
            [Movement(1, 0, 500, "a"), Movement(2, 3, 500, "a"), Movement(3, 4, 500, "b"), Movement(4, 30, 500, "a")], 500);

        Assert.Equal(
            [(MistakeRule.DoubleBooking, 2L), (MistakeRule.ExactAmount, 4), (MistakeRule.ExactAmount, 3), (MistakeRule.ExactAmount, 1)],
            found.Select(c => (c.Rule, c.Keys[0])));
        Assert.Equal([2L, 1L], found[0].Keys);
    }

    [Fact]
    public void A_corrected_movement_comes_after_one_that_is_in_effect()
    {
        var found = MistakeSearch.Find([Movement(1, 0, 500), Movement(2, 1, 500) with { IsCorrected = true }], 500);

        Assert.Equal([1L, 2L], found.Select(c => c.Keys[0]));
        Assert.True(found[0].Score > found[1].Score);
    }

    [Fact]
    public void All_that_was_recorded_later_is_one_candidate_if_the_figure_was_right_before()
    {
        FigureMovement[] movements =
            [Movement(1, 0, 100), Movement(2, 1, 30) with { IsLater = true }, Movement(3, 0, -5) with { IsLater = true }];

        Assert.Equal([3L, 2L], MistakeSearch.Find(movements, 25, wasRight: true)[0].Keys);
        Assert.Equal(MistakeRule.ExactAmount, MistakeSearch.Find(movements, 30)[0].Rule);
        Assert.DoesNotContain(MistakeSearch.Find(movements, 25), c => c.Rule == MistakeRule.RecordedLater);
    }

    [Fact]
    public void Of_very_many_that_were_recorded_later_the_newest_are_shown()
    {
        var later = Enumerable.Range(1, 500).Select(i => Movement(i, i, 500) with { IsLater = true }).ToList();

        var found = MistakeSearch.Find(later, 250_000, wasRight: true);

        Assert.Equal(Enumerable.Range(401, 100).Reverse().Select(k => (long)k), found[0].Keys);
        Assert.Equal(MistakeSearch.MaxCandidates, MistakeSearch.Find(later, 500, wasRight: true).Count);
        Assert.Empty(MistakeSearch.Find([Movement(1, 0, 7)], 25, wasRight: true)[0].Keys);
    }

    [Fact]
    public void Pairs_are_found_the_nearest_in_time_first()
    {
        var found = MistakeSearch.Find([Movement(1, 0, 40), Movement(2, 20, 60), Movement(3, 21, 40)], 100);

        Assert.Equal([(MistakeRule.Pair, "3 2"), (MistakeRule.Pair, "2 1")], found.Select(c => (c.Rule, string.Join(' ', c.Keys))));
    }

    [Fact]
    public void A_long_history_of_one_amount_takes_no_time_and_gives_a_short_list()
    {
        var same = Enumerable.Range(1, 20_000).Select(i => Movement(i, i, 500)).ToList();

        Assert.Equal(MistakeSearch.MaxCandidates, MistakeSearch.Find(same, 500).Count);
        Assert.NotEmpty(MistakeSearch.Find(same, 1_000));
        Assert.Empty(MistakeSearch.Find(same, 0));
        Assert.Empty(MistakeSearch.Find([Movement(1, 0, long.MaxValue), Movement(2, 0, long.MinValue)], 3));
    }

    private static FigureMovement Movement(long key, int day, long amount, string counterparty = "a") =>
        new(key, Day.AddDays(day), amount, counterparty, false, false);
}
