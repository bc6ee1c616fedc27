using Banking.Publishing.Log;

namespace Banking.Publishing.Tests;

/// <summary>A page of events wakes the subscriptions that take one of them, at the first that they take.</summary>
public sealed class SubscriptionIndexTests
{
    private const string Opened = "banking.account.account-opened.v1";
    private const string Deposited = "banking.account.money-deposited.v1";

    private static readonly PublicEvent[] Page =
    [
        Event(11, Opened, "acc_1"), Event(12, Deposited, "acc_1"), Event(13, Opened, "acc_2"), Event(15, Deposited, "acc_2"),
    ];

    [Theory]
    [InlineData(null, null, 0, 11L)]
    [InlineData(null, null, 12, 13L)]
    [InlineData(null, null, 15, null)]
    [InlineData(Deposited, null, 0, 12L)]
    [InlineData(Deposited, null, 12, 15L)]
    [InlineData(null, "acc_2", 0, 13L)]
    [InlineData(null, "acc_1 acc_2", 11, 12L)]
    [InlineData(null, "acc_3", 0, null)]
    [InlineData(Deposited, "acc_2", 0, 15L)]
    [InlineData(Opened, "acc_1", 11, null)]
    [InlineData("banking.account.account-closed.v1", "acc_1", 0, null)]
    public void A_subscription_is_woken_at_the_first_event_after_its_position_that_it_takes(
        string? types, string? accounts, long after, long? position)
    {
        var index = new SubscriptionIndex();
        var subscription = Subscription(EventFilter.Of(types?.Split(' '), accounts?.Split(' ')), after);
        var other = Subscription(EventFilter.Of(null, ["acc_9"]), 0);
        index.Add(subscription);
        index.Add(other);

        var matching = index.RemoveMatching(Page);

        Assert.Equal(position is null ? [] : [(subscription, position.Value)], matching);
        Assert.Equal(position is null ? [subscription, other] : [other], index.All);
        Assert.Empty(index.RemoveMatching(Page));
    }

    [Fact]
    public void A_subscription_that_was_removed_is_not_woken()
    {
        var index = new SubscriptionIndex();
        foreach (var filter in (EventFilter[])[EventFilter.All, EventFilter.Of([Opened], null), EventFilter.Of(null, ["acc_1", "acc_2"])])
        {
            var subscription = Subscription(filter, 0);
            index.Add(subscription);
            Assert.True(index.Remove(subscription));
            Assert.False(index.Remove(subscription));
        }

        Assert.Empty(index.RemoveMatching(Page));
    }

    private static LogSubscription Subscription(EventFilter filter, long after) => new(null!, filter, after, () => { });

    private static PublicEvent Event(long position, string type, string account) =>
        new($"evt_{position}", type, Guid.Empty, account, DateTimeOffset.UnixEpoch, 1, null, position, new { }) { Epoch = "" };
}
