using Banking.Publishing.Publishers;

namespace Banking.Publishing.Tests;

/// <summary>How long a publisher waits before it tries an unavailable destination again.</summary>
public sealed class RetryPolicyTests
{
    private static readonly RetryPolicy Policy = new(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(20), MaxFailures: 7);

    [Fact]
    public void Pauses_double_up_to_the_largest() =>
        Assert.Equal([1.0, 2, 4, 8, 16, 20, 20], Enumerable.Range(1, 7).Select(n => Policy.DelayAfter(n).TotalSeconds));

    [Fact]
    public void A_pause_that_the_destination_asks_for_lengthens_the_first_ones_and_later_ones_grow_past_it() =>
        Assert.Equal(
            [3.0, 3, 4, 8, 16, 20, 20], Enumerable.Range(1, 7).Select(n => Policy.DelayAfter(n, TimeSpan.FromSeconds(3)).TotalSeconds));

    [Fact]
    public void A_pause_longer_than_the_largest_is_kept() =>
        Assert.Equal(TimeSpan.FromSeconds(60), Policy.DelayAfter(7, TimeSpan.FromSeconds(60)));
}
