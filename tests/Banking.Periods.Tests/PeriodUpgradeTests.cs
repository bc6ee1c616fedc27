using Banking.Accounts.Domain;
using Microsoft.Extensions.DependencyInjection;

namespace Banking.Periods.Tests;

/// <summary>A bank that is being upgraded from a release without periods.</summary>
public sealed class PeriodUpgradeTests : PeriodBank
{
    protected override string[] Settings => [.. base.Settings, "--Banking:Events:WriteVersionsOf", "2026-11-29"];

    [Fact]
    public async Task While_older_hosts_may_run_no_month_is_closed_and_no_state_is_carried_forward()
    {
        await SetClockAsync(December.AddMinutes(2));

        (await CloseAsync("2026-11")).IsProblem(503, "event_version_not_written");

        Assert.Equal("event_version_not_written", (await CloseAsync("2026-11", "?dryRun=true")).Ok().Text("problem", "code"));
        Assert.Equal(new(0, 0), Host.Services.GetRequiredService<CarryForwardPolicy>());
    }
}
