using Banking.ReadModels.Books;
using Microsoft.Extensions.DependencyInjection;

namespace Banking.Operations.Tests;

/// <summary>
/// Sums tracked a few rows at a time equal sums over all rows, and differences from them are found.
/// </summary>
public sealed class SumTrackerTests(ProbedBank bank) : IClassFixture<ProbedBank>
{
    private ReadModel Ledger => bank.Host.Services.GetServices<ReadModel>().Single(m => m.Name == "ledger");

    [Fact]
    public async Task Sums_tracked_in_small_steps_during_bookings_equal_the_stored_sums()
    {
        var tracker = Tracker();
        for (var round = 0; round < 3; round++)
        {
            await new RandomHistory(bank, 40 + round).RunAsync(20);
            await bank.CaughtUpAsync();
            Assert.Empty(await CompareAsync(tracker));
        }

        Assert.NotEmpty(await bank.QueryAsync<long>("select entries from ledger.gl_day"));
    }

    [Fact]
    public async Task A_wrong_missing_or_surplus_sum_is_reported_with_the_expected_value()
    {
        var teller = bank.As("teller");
        await teller.OpenAsync(balance: "10.00");
        await bank.CaughtUpAsync();
        var tracker = Tracker();
        Assert.Empty(await CompareAsync(tracker));
        var active = await bank.ActiveAsync("ledger", "gl_day", "ledger");

        await bank.ExecuteAsync($"create table kept as select * from {active}");
        await bank.ExecuteAsync($"update {active} set debits = debits + 1 where ctid = (select min(ctid) from {active} where gl = 1000)");
        await bank.ExecuteAsync($"delete from {active} where ctid = (select min(ctid) from {active} where gl = 2000)");
        await bank.ExecuteAsync($"insert into {active} values (5000, 'EUR', 2, '2020-01-01', '2020-01-01', 1, 2, 3)");
        var found = await CompareAsync(tracker);

        Assert.Contains(found, d =>
            d is { Expected: { } expected, Found: { } other } && expected.StartsWith("[1000", StringComparison.Ordinal) && expected != other
        );
        Assert.Contains(found, d => d is { Expected: { } expected, Found: null } && expected.StartsWith("[2000", StringComparison.Ordinal));
        Assert.Contains(found, d =>
            d is { Expected: null, Found: "[5000, \"EUR\", 2, \"2020-01-01\", \"2020-01-01\"]: debits 1, credits 2, entries 3" });
        await bank.ExecuteAsync($"delete from {active}");
        await bank.ExecuteAsync($"insert into {active} select * from kept");
        await bank.ExecuteAsync("drop table kept");
        Assert.Empty(await CompareAsync(tracker));
    }

    [Fact]
    public async Task Without_time_it_reports_nothing_and_continues_at_the_next_call()
    {
        await new RandomHistory(bank, 60).RunAsync(20);
        await bank.CaughtUpAsync();
        var tracker = Tracker();
        var active = await bank.ActiveAsync("ledger", "gl_day", "ledger");
        await bank.ExecuteAsync($"update {active} set credits = credits + 1");
        var looks = 0;
        while ((await bank.Verification.SumsAsync(Ledger, tracker, TimeSpan.Zero, TimeProvider.System, CancellationToken.None)) is null)
        {
            Assert.True(++looks < 10_000, "It never finished.");
        }

        Assert.True(looks > 3, $"It finished in {looks} calls although it had no time.");
        await bank.ExecuteAsync($"update {active} set credits = credits - 1");
        Assert.Empty(await CompareAsync(tracker));
    }

    private SumTracker Tracker() => new(Ledger, Ledger.Tables.Single(t => t.Name == "gl_day"), chunk: 7);

    private async Task<IReadOnlyList<Difference>> CompareAsync(SumTracker tracker) =>
        (await bank.Verification.SumsAsync(Ledger, tracker, TimeSpan.FromMinutes(1), TimeProvider.System, CancellationToken.None))!;
}
