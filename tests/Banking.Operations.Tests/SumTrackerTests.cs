using Banking.Platform.ReadModels;
using Microsoft.Extensions.DependencyInjection;

namespace Banking.Operations.Tests;

/// <summary>
/// Sums that are followed a few rows at a time are what they would be if made anew from all rows, and what differs from them is found.
/// </summary>
public sealed class SumTrackerTests(ProbedBank bank) : IClassFixture<ProbedBank>
{
    private ReadModel Ledger => bank.Host.Services.GetServices<ReadModel>().Single(m => m.Name == "ledger");

    [Fact]
    public async Task Followed_in_small_steps_while_the_bank_goes_on_they_are_the_sums_that_are_there()
    {
        var tracker = Tracker();
        for (var round = 0; round < 3; round++)
        {
            await new LivelyBank(bank, 40 + round).LiveAsync(20);
            await bank.CaughtUpAsync();
            Assert.Empty(await CompareAsync(tracker));
        }

        Assert.NotEmpty(await bank.QueryAsync<long>("select entries from ledger.gl_day"));
    }

    [Fact]
    public async Task A_sum_that_is_wrong_or_missing_or_too_many_is_named_with_what_it_should_be()
    {
        var teller = bank.As("teller");
        await teller.OpenAsync(balance: "10.00");
        await bank.CaughtUpAsync();
        var tracker = Tracker();
        Assert.Empty(await CompareAsync(tracker));
        var served = await bank.ServingAsync("ledger", "gl_day", "ledger");

        await bank.ExecuteAsync($"create table kept as select * from {served}");
        await bank.ExecuteAsync($"update {served} set debits = debits + 1 where ctid = (select min(ctid) from {served} where gl = 1000)");
        await bank.ExecuteAsync($"delete from {served} where ctid = (select min(ctid) from {served} where gl = 2000)");
        await bank.ExecuteAsync($"insert into {served} values (5000, 'EUR', 2, '2020-01-01', '2020-01-01', 1, 2, 3)");
        var found = await CompareAsync(tracker);

        Assert.Contains(found, d =>
            d is { Expected: { } expected, Found: { } other } && expected.StartsWith("[1000", StringComparison.Ordinal) && expected != other
        );
        Assert.Contains(found, d => d is { Expected: { } expected, Found: null } && expected.StartsWith("[2000", StringComparison.Ordinal));
        Assert.Contains(found, d =>
            d is { Expected: null, Found: "[5000, \"EUR\", 2, \"2020-01-01\", \"2020-01-01\"]: debits 1, credits 2, entries 3" });
        await bank.ExecuteAsync($"delete from {served}");
        await bank.ExecuteAsync($"insert into {served} select * from kept");
        await bank.ExecuteAsync("drop table kept");
        Assert.Empty(await CompareAsync(tracker));
    }

    [Fact]
    public async Task Where_there_is_no_time_it_says_nothing_and_goes_on_from_there_the_next_time()
    {
        await new LivelyBank(bank, 60).LiveAsync(20);
        await bank.CaughtUpAsync();
        var tracker = Tracker();
        var served = await bank.ServingAsync("ledger", "gl_day", "ledger");
        await bank.ExecuteAsync($"update {served} set credits = credits + 1");
        var looks = 0;
        while ((await bank.Verification.SumsAsync(Ledger, tracker, TimeSpan.Zero, TimeProvider.System, CancellationToken.None)) is null)
        {
            Assert.True(++looks < 10_000, "It never came to the end.");
        }

        Assert.True(looks > 3, $"It came to the end in {looks} looks, with no time to.");
        await bank.ExecuteAsync($"update {served} set credits = credits - 1");
        Assert.Empty(await CompareAsync(tracker));
    }

    private SumTracker Tracker() => new(Ledger, Ledger.Tables.Single(t => t.Derivation is not null), chunk: 7);

    private async Task<IReadOnlyList<Difference>> CompareAsync(SumTracker tracker) =>
        (await bank.Verification.SumsAsync(Ledger, tracker, TimeSpan.FromMinutes(1), TimeProvider.System, CancellationToken.None))!;
}
