using Banking.Platform.Commands;

namespace Banking.Accounts.Tests;

/// <summary>When a further group is begun beside those at work.</summary>
public sealed class GroupPaceTests
{
    private readonly ByHand _clock = new();
    private readonly GroupPace _pace;

    public GroupPaceTests() => _pace = new(_clock);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Where_nothing_is_or_was_at_work_nobody_waits_for_company(bool besideOthers) =>
        Assert.Equal(TimeSpan.Zero, _pace.Patience(1, besideOthers));

    [Theory]
    [InlineData(0, 0)]
    [InlineData(9, 20)]
    [InlineData(10, 0)]
    [InlineData(11, 0)]
    public void A_further_group_is_begun_when_it_is_as_large_as_the_one_at_work(int waiting, int patience)
    {
        _pace.Begin(10);
        Assert.Equal(Milliseconds(patience), _pace.Patience(waiting, besideOthers: false));
    }

    [Fact]
    public void Of_several_at_work_the_smallest_counts()
    {
        _pace.Begin(10);
        var small = _pace.Begin(3);
        Assert.Equal(TimeSpan.Zero, _pace.Patience(3, besideOthers: false));
        _pace.End(small);
        Assert.NotEqual(TimeSpan.Zero, _pace.Patience(3, besideOthers: false));
    }

    [Fact]
    public void One_that_takes_long_is_not_waited_for()
    {
        _pace.Begin(10);
        _clock.Pass(7.5);
        Assert.Equal(Milliseconds(13), _pace.Patience(1, besideOthers: false));
        _clock.Pass(12.5);
        Assert.Equal(TimeSpan.Zero, _pace.Patience(1, besideOthers: false));
    }

    [Fact]
    public void One_that_takes_long_is_not_taken_for_another_of_its_size_that_is_over()
    {
        _pace.Begin(2);
        _clock.Pass(50);
        var other = _pace.Begin(2);
        _clock.Pass(3);
        _pace.End(other);
        Assert.Equal(TimeSpan.Zero, _pace.Patience(1, besideOthers: false));
    }

    [Fact]
    public void When_all_are_over_a_host_by_itself_begins_at_once()
    {
        var group = _pace.Begin(10);
        _clock.Pass(5);
        _pace.End(group);
        Assert.Equal(TimeSpan.Zero, _pace.Patience(1, besideOthers: false));
    }

    [Theory]
    [InlineData(5, 5)]
    [InlineData(30_000, 20)]
    public void Beside_other_hosts_the_last_one_stands_for_one_of_theirs_as_long_as_it_took(int took, int patience)
    {
        var group = _pace.Begin(10);
        _clock.Pass(took);
        _pace.End(group);
        Assert.Equal(Milliseconds(patience), _pace.Patience(9, besideOthers: true));
        Assert.Equal(TimeSpan.Zero, _pace.Patience(10, besideOthers: true));

        _clock.Pass(patience);
        Assert.Equal(TimeSpan.Zero, _pace.Patience(1, besideOthers: true));
        // It is no more, so what is at work counts.
        _pace.Begin(12);
        Assert.Equal(Milliseconds(20), _pace.Patience(11, besideOthers: true));
    }

    private static TimeSpan Milliseconds(int milliseconds) => TimeSpan.FromMilliseconds(milliseconds);

    private sealed class ByHand : TimeProvider
    {
        private long _passed;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _passed;

        public void Pass(double milliseconds) => _passed += TimeSpan.FromMilliseconds(milliseconds).Ticks;
    }
}
