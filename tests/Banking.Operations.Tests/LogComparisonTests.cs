using Banking.EventStore.Epochs;

namespace Banking.Operations.Tests;

/// <summary>Whether the log was restored, by what a host knows of it.</summary>
public sealed class LogComparisonTests
{
    private static readonly LogPlace Here = new("7001", "1", "5:100");
    private static readonly LogEpoch First = new(1, Id(1), 1, EpochCause.Created, "-/-/");

    [Fact]
    public void The_same_events_in_the_same_place_begin_no_epoch()
    {
        var compared = Compare([First], [First], Here, [10, 20], [10, 20]);

        Assert.Equal((null, 20), (compared.Cause, compared.Same[^1].Position));
    }

    [Fact]
    public void A_missing_last_event_begins_one_after_the_event_before_it() => Differs(10, [10, 20], [10]);

    [Fact]
    public void Another_event_begins_one_even_if_a_later_event_is_the_same()
    {
        var compared = LogComparison.Of(Known([First], [10, 20, 30]), new([First]), Here, Found([10, 30], (20, Id(99))));

        Assert.Equal((EpochCause.Differs, 10), (compared.Cause, compared.Same[^1].Position));
    }

    [Fact]
    public void A_missing_event_before_one_that_is_there_in_the_same_place_begins_none()
    {
        var compared = Compare([First], [First], Here, [10, 20], [20]);

        Assert.Equal((null, 20), (compared.Cause, compared.Same[^1].Position));
    }

    [Theory]
    [InlineData("7002", "1", "5:100")]
    [InlineData("7001", "2", "5:100")]
    [InlineData("7001", "1", "5:101")]
    public void Another_place_begins_one_after_the_last_event(string system, string timeline, string database)
    {
        var compared = Compare([First], [First], new(system, timeline, database), [10, 20], [10, 20]);

        Assert.Equal((EpochCause.Moved, 20), (compared.Cause, compared.Same[^1].Position));
    }

    [Fact]
    public void Another_place_after_a_host_was_killed_is_a_loss()
    {
        var killed = Known([First], [10]) with { IsComplete = false };

        Assert.Equal(EpochCause.Differs, LogComparison.Of(killed, new([First]), new("7001", "2", "5:100"), Found([10])).Cause);
        Assert.Null(LogComparison.Of(killed, new([First]), Here, Found([10])).Cause);
    }

    [Fact]
    public void A_place_that_a_role_may_not_read_is_no_other_place() =>
        Assert.Null(Compare([First], [First], new(null, null, "5:100"), [10], [10]).Cause);

    [Fact]
    public void An_epoch_that_another_host_began_in_this_place_needs_no_further_one()
    {
        var there = new LogPlace("7001", "2", "5:100");
        var second = new LogEpoch(2, Id(2), 15, EpochCause.Differs, there.ToString());

        var compared = Compare([First], [First, second], there, [10, 20], [10]);

        Assert.Equal((null, 10), (compared.Cause, compared.Same[^1].Position));
    }

    [Theory]
    [InlineData(true, null, 20)]
    [InlineData(false, EpochCause.Differs, 10)]
    public void A_move_that_another_host_found_does_not_hide_a_loss_that_only_this_host_knows(bool isThere, string? cause, long lastSame)
    {
        var there = new LogPlace("7001", "2", "5:100");
        var second = new LogEpoch(2, Id(2), 15, EpochCause.Moved, there.ToString());

        var compared = Compare([First], [First, second], there, [10, 20], isThere ? [10, 20] : [10]);

        Assert.Equal((cause, lastSame), (compared.Cause, compared.Same[^1].Position));
    }

    [Fact]
    public void An_epoch_that_another_host_began_too_late_is_followed_by_an_earlier_one()
    {
        var second = new LogEpoch(2, Id(2), 25, EpochCause.Differs, Here.ToString());

        var compared = Compare([First], [First, second], Here, [10, 20], [10]);

        Assert.Equal((EpochCause.Differs, 10), (compared.Cause, compared.Same[^1].Position));
    }

    [Fact]
    public void A_restore_to_a_state_before_an_epoch_is_found_although_all_events_are_there()
    {
        var second = new LogEpoch(2, Id(2), 5, EpochCause.Differs, Here.ToString());

        var compared = Compare([First, second], [First], Here, [10], [10]);

        Assert.Equal((EpochCause.Differs, second), (compared.Cause, Assert.Single(compared.Lost)));
    }

    [Fact]
    public void The_first_difference_of_an_epoch_is_the_earliest_of_those_after_it()
    {
        EpochHistory history = new([First, new(2, Id(2), 50, "", ""), new(3, Id(3), 30, "", ""), new(4, Id(4), 70, "", "")]);

        Assert.Equal(
            [30, 30, 70, null, 1], new[] { 1, 2, 3, 4, 5 }.Select(number => history.FirstDifference(Id(number))));
    }

    [Fact]
    public void Checkpoints_are_thinned_without_losing_the_number_of_events()
    {
        var known = Known([First], []);
        for (var position = 1; position <= 1_000; position++)
        {
            known = known.With(new(position, Id(position), 1));
        }

        Assert.InRange(known.Checkpoints.Count, 10, KnownLog.MaxCheckpoints);
        Assert.Equal(LogCheckpoint.Beginning, known.Checkpoints[0]);
        Assert.All(
            known.Checkpoints.Zip(known.Checkpoints.Skip(1)),
            pair => Assert.Equal(pair.Second.Position - pair.First.Position, pair.Second.Events));
        Assert.Equal([997, 998, 999, 1_000], known.Checkpoints.TakeLast(4).Select(c => c.Position));
    }

    private static void Differs(long lastSame, long[] known, long[] stored)
    {
        var compared = Compare([First], [First], Here, known, stored);

        Assert.Equal((EpochCause.Differs, lastSame), (compared.Cause, compared.Same[^1].Position));
    }

    private static LogComparison Compare(LogEpoch[] known, LogEpoch[] stored, LogPlace place, long[] positions, long[] found) =>
        LogComparison.Of(Known(known, positions), new(stored), place, Found(found));

    private static KnownLog Known(LogEpoch[] epochs, long[] positions) => new(
        Here.ToString(), epochs, [LogCheckpoint.Beginning, .. positions.Select(p => new LogCheckpoint(p, Id(p), null))]);

    private static Dictionary<long, Guid> Found(long[] positions, params (long Position, Guid Event)[] others) =>
        positions.Select(p => (p, Id(p))).Concat(others).ToDictionary();

    private static Guid Id(long number) => new((int)number, 0, 0, new byte[8]);
}
