using Banking.Host;
using Banking.Host.Hosting;

namespace Banking.Incoming.Tests;

/// <summary>A wrong setting of a queue ends the start, and says which setting and why.</summary>
public sealed class SettingTests
{
    private const string Prefix = "Banking:Incoming:RabbitMq:core";

    [Theory]
    [InlineData("Uri=localhost:5672", "Uri is not a RabbitMQ address")]
    [InlineData("Queue=", "Queue must name the queue")]
    [InlineData("Identity=", "Identity must be 1 to 100 letters")]
    [InlineData("Identity=a b", "Identity must be 1 to 100 letters")]
    [InlineData("Identity=banking", "Identity must not be banking")]
    [InlineData("Tokens=required", "needs either Identity")]
    [InlineData("Operations= ", "Operations must list the commands")]
    [InlineData("Parallel=0", "Parallel must be 1 to 256")]
    [InlineData("Parallel=many", "Parallel must be a number")]
    [InlineData("Identiy=core", "Did you mean Banking:Incoming:RabbitMq:*:Identity?")]
    public void A_wrong_value_is_named(string setting, string why)
    {
        var wrong = Assert.Throws<ConfigurationException>(() => Compose(setting));

        Assert.Contains(Prefix, wrong.Message, StringComparison.Ordinal);
        Assert.Contains(why, wrong.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", wrong.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_queue_without_identity_needs_tokens()
    {
        var wrong = Assert.Throws<ConfigurationException>(() => Compose("Identity", except: "Identity"));

        Assert.Contains(
            "needs either Identity (the only service that sends to the queue) or Tokens=required", wrong.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Two_settings_for_one_queue_are_refused()
    {
        string[] other = ["Uri=amqp://bank:secret@localhost/", "Queue=commands", "Identity=other", "Operations=accounts.deposit-money.v1"];

        var wrong = Assert.Throws<ConfigurationException>(
            () => Compose("Parallel=1", more: [.. other.Select(s => $"--Banking:Incoming:RabbitMq:other:{s}")]));

        Assert.Contains("Banking:Incoming:RabbitMq:other names the same queue as core", wrong.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unknown_operation_is_named_with_the_nearest_command()
    {
        var services = Compose("Operations=accounts.deposit-money.v1 accounts.transfer-mony.v1");

        var problems = await new IncomingModule().StartProblemsAsync(services, TestContext.Current.CancellationToken);

        Assert.Equal(
            [
                "Banking:Incoming:RabbitMq:core:Operations names accounts.transfer-mony.v1, which is no command. "
                    + "Did you mean accounts.transfer-money.v1?",
            ],
            problems);
    }

    /// <summary>Composes a host with a valid queue and one more setting.</summary>
    private static IServiceProvider Compose(string setting, string? except = null, params string[] more)
    {
        string[] valid = ["Uri=amqp://bank:secret@localhost/", "Queue=commands", "Identity=core", "Operations=accounts.deposit-money.v1"];
        var name = setting.Split('=')[0];
        var settings = valid.Where(v => v.Split('=')[0] != name).Concat(except is null ? [setting] : []);
        return BankHost
            .CreateBuilder(
                ["--environment", "Development", .. settings.Select(s => $"--{Prefix}:{s}"), .. more], new("Host=nowhere;Database=none"))
            .Build().Services;
    }
}
