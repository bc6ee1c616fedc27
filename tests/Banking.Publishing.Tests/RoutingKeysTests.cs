using Banking.Publishing.RabbitMq;

namespace Banking.Publishing.Tests;

public sealed class RoutingKeysTests
{
    private const string Type = "banking.account.money-deposited.v1";

    [Theory]
    [InlineData("#", true)]
    [InlineData(Type, true)]
    [InlineData("banking.account.*.v1", true)]
    [InlineData("banking.*.v1", false)]
    [InlineData("banking.#", true)]
    [InlineData("#.#", true)]
    [InlineData("#.v1", true)]
    [InlineData("#.v2", false)]
    [InlineData("banking.#.v1", true)]
    [InlineData("banking.account.money-deposited.v1.#", true)]
    [InlineData("bankingXaccount.money-deposited.v1", false)]
    [InlineData("banking.account.money-withdrawn.v1 banking.account.money-deposited.v1", true)]
    public void A_key_matches_as_in_a_topic_exchange(string keys, bool matches) =>
        Assert.Equal(matches, new RoutingKeys([keys]).Match(Type));

    [Theory]
    [InlineData("banking.account.transfer-*.v1")]
    [InlineData("banking.##")]
    [InlineData(" ")]
    public void A_key_that_the_broker_would_read_otherwise_is_refused(string keys) =>
        Assert.Contains(
            "RabbitMq:Queues:mine",
            Assert.Throws<FormatException>(() => RoutingKeys.Check(new Dictionary<string, string> { ["mine"] = keys }, "RabbitMq")).Message,
            StringComparison.Ordinal);

    [Fact]
    public void Without_a_key_nothing_is_wanted() => Assert.False(new RoutingKeys([""]).Match(Type));
}
