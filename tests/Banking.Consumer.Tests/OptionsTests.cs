namespace Banking.Consumer.Tests;

public sealed class OptionsTests
{
    [Fact]
    public void The_defaults_are_those_of_a_bank_on_this_machine() =>
        Assert.Equal(
            new Options(
                "feed",
                new("http://localhost:5080"),
                "t",
                "localhost:9092",
                "banking.events",
                "banking-consumer",
                new("amqp://localhost"),
                "banking.events",
                null,
                false),
            Options.Parse(["feed", "--token", "t"]));

    [Fact]
    public void Each_source_has_its_own_options()
    {
        Assert.Equal(
            ("b:1", "x", "g"),
            Options.Parse(["kafka", "--token", "t", "--bootstrap", "b:1", "--topic", "x", "--group", "g"]) is var k
                ? (k.Bootstrap, k.Topic, k.Group)
                : default);
        Assert.Equal(
            (new Uri("amqps://r/v"), "q"),
            Options.Parse(["rabbitmq", "--uri", "amqps://r/v", "--queue", "q", "--token", "t"]) is var r ? (r.Uri, r.Queue) : default
        );
        Assert.Equal(
            (TimeSpan.FromSeconds(5), true),
            Options.Parse(["feed", "--json", "--until-idle", "5", "--token", "t"]) is var f ? (f.UntilIdle, f.Json) : default);
    }

    [Theory]
    [InlineData("", "Name a source: feed, kafka or rabbitmq.")]
    [InlineData("pigeon", "Name a source: feed, kafka or rabbitmq.")]
    [InlineData("feed", "--token is required: only authenticated callers can read balances.")]
    [InlineData("feed --token", "--token needs a value.")]
    [InlineData("feed --token --json", "--token needs a value.")]
    [InlineData("feed --token t --token u", "--token is given twice.")]
    [InlineData("feed --token t --topic x", "feed has no option --topic.")]
    [InlineData("feed --token t extra", "feed has no option extra.")]
    [InlineData("feed --token t --bank localhost:5080", "--bank must be an address that begins with http://.")]
    [InlineData("rabbitmq --token t --uri http://localhost", "--uri must be an address that begins with amqp://.")]
    [InlineData("feed --token t --until-idle soon", "--until-idle must be a number of seconds, from 1 to 86400.")]
    [InlineData("feed --token t --until-idle 0", "--until-idle must be a number of seconds, from 1 to 86400.")]
    public void A_wrong_command_line_gets_a_message(string args, string message) =>
        Assert.Equal(
            message, Assert.Throws<ArgumentException>(() => Options.Parse(args.Split(' ', StringSplitOptions.RemoveEmptyEntries))).Message);
}
