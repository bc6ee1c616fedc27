using Banking.Commands.Groups;

namespace Banking.Accounts.Tests;

/// <summary>When another group may start while groups run.</summary>
public sealed class GroupPacingTests
{
    private readonly ManualClock _clock = new();
    private readonly GroupPacing _pacing;

    public GroupPacingTests() => _pacing = new(_clock);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Without_a_running_group_a_command_starts_at_once(bool isContended) =>
        Assert.Equal(TimeSpan.Zero, _pacing.StartDelay(1, isContended));

    [Theory]
    [InlineData(0, 0)]
    [InlineData(9, 20)]
    [InlineData(10, 0)]
    [InlineData(11, 0)]
    public void Another_group_starts_when_it_is_as_large_as_the_running_one(int waiting, int delay)
    {
        _pacing.Begin(10);
        Assert.Equal(Milliseconds(delay), _pacing.StartDelay(waiting, isContended: false));
    }

    [Fact]
    public void The_smallest_running_group_decides()
    {
        _pacing.Begin(10);
        var small = _pacing.Begin(3);
        Assert.Equal(TimeSpan.Zero, _pacing.StartDelay(3, isContended: false));
        _pacing.End(small);
        Assert.NotEqual(TimeSpan.Zero, _pacing.StartDelay(3, isContended: false));
    }

    [Fact]
    public void A_slow_group_delays_no_other_for_long()
    {
        _pacing.Begin(10);
        _clock.Pass(7.5);
        Assert.Equal(Milliseconds(13), _pacing.StartDelay(1, isContended: false));
        _clock.Pass(12.5);
        Assert.Equal(TimeSpan.Zero, _pacing.StartDelay(1, isContended: false));
    }

    [Fact]
    public void A_slow_group_is_not_confused_with_a_finished_one_of_the_same_size()
    {
        _pacing.Begin(2);
        _clock.Pass(50);
        var other = _pacing.Begin(2);
        _clock.Pass(3);
        _pacing.End(other);
        Assert.Equal(TimeSpan.Zero, _pacing.StartDelay(1, isContended: false));
    }

    [Fact]
    public void After_all_groups_have_ended_a_single_host_starts_at_once()
    {
        var group = _pacing.Begin(10);
        _clock.Pass(5);
        _pacing.End(group);
        Assert.Equal(TimeSpan.Zero, _pacing.StartDelay(1, isContended: false));
    }

    [Theory]
    [InlineData(5, 5)]
    [InlineData(30_000, 20)]
    public void With_other_hosts_the_last_group_counts_as_running_for_as_long_as_it_took(int took, int delay)
    {
        var group = _pacing.Begin(10);
        _clock.Pass(took);
        _pacing.End(group);
        Assert.Equal(Milliseconds(delay), _pacing.StartDelay(9, isContended: true));
        Assert.Equal(TimeSpan.Zero, _pacing.StartDelay(10, isContended: true));

        _clock.Pass(delay);
        Assert.Equal(TimeSpan.Zero, _pacing.StartDelay(1, isContended: true));
        // That time has passed, so only the running group counts.
        _pacing.Begin(12);
        Assert.Equal(Milliseconds(20), _pacing.StartDelay(11, isContended: true));
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
