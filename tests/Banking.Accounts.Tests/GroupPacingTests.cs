using Banking.Commands.Groups;

namespace Banking.Accounts.Tests;

/// <summary>When another group may start while groups run.</summary>
public sealed class GroupPacingTests
{
    private readonly ManualClock _clock = new();
    private readonly GroupPacing _pace;

    public GroupPacingTests() => _pace = new(_clock);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Without_a_running_group_a_command_starts_at_once(bool besideOthers) =>
        Assert.Equal(TimeSpan.Zero, _pace.RetryPolicy(1, besideOthers));

    [Theory]
    [InlineData(0, 0)]
    [InlineData(9, 20)]
    [InlineData(10, 0)]
    [InlineData(11, 0)]
    public void Another_group_starts_when_it_is_as_large_as_the_running_one(int waiting, int patience)
    {
        _pace.Begin(10);
        Assert.Equal(Milliseconds(patience), _pace.RetryPolicy(waiting, besideOthers: false));
    }

    [Fact]
    public void The_smallest_running_group_decides()
    {
        _pace.Begin(10);
        var small = _pace.Begin(3);
        Assert.Equal(TimeSpan.Zero, _pace.RetryPolicy(3, besideOthers: false));
        _pace.End(small);
        Assert.NotEqual(TimeSpan.Zero, _pace.RetryPolicy(3, besideOthers: false));
    }

    [Fact]
    public void A_slow_group_delays_no_other_for_long()
    {
        _pace.Begin(10);
        _clock.Pass(7.5);
        Assert.Equal(Milliseconds(13), _pace.RetryPolicy(1, besideOthers: false));
        _clock.Pass(12.5);
        Assert.Equal(TimeSpan.Zero, _pace.RetryPolicy(1, besideOthers: false));
    }

    [Fact]
    public void A_slow_group_is_not_confused_with_a_finished_one_of_the_same_size()
    {
        _pace.Begin(2);
        _clock.Pass(50);
        var other = _pace.Begin(2);
        _clock.Pass(3);
        _pace.End(other);
        Assert.Equal(TimeSpan.Zero, _pace.RetryPolicy(1, besideOthers: false));
    }

    [Fact]
    public void After_all_groups_have_ended_a_single_host_starts_at_once()
    {
        var group = _pace.Begin(10);
        _clock.Pass(5);
        _pace.End(group);
        Assert.Equal(TimeSpan.Zero, _pace.RetryPolicy(1, besideOthers: false));
    }

    [Theory]
    [InlineData(5, 5)]
    [InlineData(30_000, 20)]
    public void With_other_hosts_the_last_group_counts_as_running_for_as_long_as_it_took(int took, int patience)
    {
        var group = _pace.Begin(10);
        _clock.Pass(took);
        _pace.End(group);
        Assert.Equal(Milliseconds(patience), _pace.RetryPolicy(9, besideOthers: true));
        Assert.Equal(TimeSpan.Zero, _pace.RetryPolicy(10, besideOthers: true));

        _clock.Pass(patience);
        Assert.Equal(TimeSpan.Zero, _pace.RetryPolicy(1, besideOthers: true));
        // That time has passed, so only the running group counts.
        _pace.Begin(12);
        Assert.Equal(Milliseconds(20), _pace.RetryPolicy(11, besideOthers: true));
    }

    private static TimeSpan Milliseconds(int milliseconds) => TimeSpan.FromMilliseconds(milliseconds);

    private sealed class ManualClock : TimeProvider
    {
        private long _passed;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _passed;

        public void Pass(double milliseconds) => _passed += TimeSpan.FromMilliseconds(milliseconds).Ticks;
    }
}
