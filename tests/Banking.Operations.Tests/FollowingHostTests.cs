using System.Globalization;
using Banking.EventStore.Log;
using Banking.Testing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Banking.Operations.Tests;

/// <summary>A host can be configured not to follow the log; it still takes commands and answers queries.</summary>
public sealed class FollowingHostTests : IAsyncLifetime
{
    private readonly CommandsOnly _bank = new();

    public ValueTask InitializeAsync() => _bank.InitializeAsync();

    public ValueTask DisposeAsync() => _bank.DisposeAsync();

    [Fact]
    public async Task A_host_that_does_not_follow_takes_commands_and_a_following_host_updates_the_read_models()
    {
        var teller = _bank.As("teller");
        var account = await teller.OpenAsync(balance: "10.00");
        var position = long.Parse(
            (await teller.DepositAsync(account, "1.00")).Created().Header("Ledger-Position")!, CultureInfo.InvariantCulture);
        var stale = await teller.GetAsync("/v1/entries", ("Ledger-Min-Position", $"{position}"), ("Prefer", "wait=1"));
        Assert.Equal("true", stale.Ok().Header("Ledger-Stale"));
        // Answers about one account include its events that no read model has.
        Assert.Equal("11.00", await teller.BalanceAsync(account));

        _bank.Follows = true;
        await using (var other = await _bank.StartAnotherAsync())
        {
            var seen = await teller.GetAsync("/v1/entries", ("Ledger-Min-Position", $"{position}"), ("Prefer", "wait=30"));
            Assert.Null(seen.Ok().Header("Ledger-Stale"));
            Assert.Contains(account, seen.Body, StringComparison.Ordinal);
            Assert.Contains(other.Services.GetServices<IHostedService>(), s => s.GetType().Name == "PublisherHost");
        }

        Assert.DoesNotContain(_bank.Host.Services.GetServices<IHostedService>(), s =>
            s.GetType().Name is "PublisherHost" or "ReadModelFeed" or "Sentinel" or "RebuildRunner");
    }

    [Theory]
    [InlineData("perhaps")]
    [InlineData("0")]
    public void A_setting_that_is_not_a_boolean_is_refused(string value)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection([new(FollowSettings.Follows, value)]).Build();
        Assert.Contains(value, Assert.Throws<FormatException>(() => configuration.FollowsLog()).Message, StringComparison.Ordinal);
    }

    private sealed class CommandsOnly : BankFixture
    {
        public bool Follows { get; set; }

        protected override string[] Settings => [.. base.Settings, $"--{FollowSettings.Follows}", Follows ? "true" : "false"];
    }
}
