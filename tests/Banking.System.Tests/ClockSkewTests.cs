using Banking.EventStore.Storage;
using Banking.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Banking.System.Tests;

/// <summary>A host records nothing while its clock differs from the database's by more than two seconds.</summary>
public sealed class ClockSkewTests(SkewedBank bank) : IClassFixture<SkewedBank>
{
    [Theory]
    [InlineData(3600)]
    [InlineData(400 * 86_400)]
    [InlineData(3)]
    [InlineData(-3)]
    [InlineData(-3600)]
    public async Task A_command_is_refused_while_the_clocks_differ_and_its_key_stays_free(int seconds)
    {
        var teller = bank.As("teller");
        var account = await teller.OpenAsync(balance: "10.00");
        var key = ("Idempotency-Key", BankClient.NewKey());
        bank.Machine.Offset = TimeSpan.FromSeconds(seconds);

        var refused = await teller.WithdrawAsync(account, "1.00", "EUR", key);
        var over = await teller.WithdrawAsync(account, "99.00");
        var customer = await teller.PostAsync("/v1/customers", new { name = "Ada" });
        var health = await bank.Anonymous().GetAsync("/health/ready");
        bank.Machine.Offset = TimeSpan.Zero;
        var accepted = await teller.WithdrawAsync(account, "1.00", "EUR", key);

        Assert.All([refused, over, customer], a => Assert.Equal((503, "clock_skew", "false"), (a.StatusCode, a.Code, a.Text("applied"))));
        Assert.Equal((503, "Unhealthy"), (health.StatusCode, health.Text("status")));
        Assert.Equal("Unhealthy", health.Text("checks", "database", "status"));
        Assert.Contains("Nothing is recorded until", health.Text("checks", "database", "why"), StringComparison.Ordinal);
        Assert.Equal((null, "9.00"), (accepted.Header("Idempotency-Replayed"), accepted.Created().Text("balance", "value")));
    }

    [Fact]
    public async Task A_difference_within_two_seconds_is_accepted()
    {
        bank.Machine.Offset = TimeSpan.FromSeconds(1.5);
        var account = await bank.As("teller").OpenAsync(balance: "10.00");
        bank.Machine.Offset = TimeSpan.Zero;

        Assert.Equal("10.00", await bank.As("teller").BalanceAsync(account));
    }

    [Fact]
    public void A_difference_within_the_round_trip_time_is_no_skew()
    {
        var at = new DateTimeOffset(2026, 11, 29, 12, 0, 0, TimeSpan.Zero);

        Assert.Equal(TimeSpan.Zero, SystemClock.Skew(at, at.AddSeconds(5), at.AddSeconds(6)));
        Assert.Equal(TimeSpan.FromSeconds(3), SystemClock.Skew(at, at.AddSeconds(-3), at.AddSeconds(9)));
        Assert.Equal(TimeSpan.FromSeconds(-3), SystemClock.Skew(at, at.AddSeconds(9), at.AddSeconds(6)));
    }

    [Fact]
    public async Task A_database_used_with_a_clock_other_than_the_machines_is_marked()
    {
        bank.Clock.Set(TimeProvider.System.GetUtcNow().AddDays(-30));
        await bank.As("teller").OpenAsync();

        await using var command = bank.Database.CreateCommand("select count(*) from platform.moved_clock");
        Assert.Equal(1L, await command.ExecuteScalarAsync());
    }
}

/// <summary>A bank on a machine whose clock can be moved.</summary>
public sealed class SkewedBank : BankFixture
{
    public MachineClock Machine { get; } = new();

    protected override void Configure(IServiceCollection services) => services.AddSingleton(new SystemClock(Machine));
}

/// <summary>The machine's clock with an offset.</summary>
public sealed class MachineClock : TimeProvider
{
    public TimeSpan Offset { get; set; }

    public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + Offset;
}
