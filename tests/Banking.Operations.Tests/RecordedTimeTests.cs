using Banking.ReadModels.Books;
using Banking.ReadModels.Verifying;
using Banking.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Banking.Operations.Tests;

/// <summary>Recorded times of operators' actions on hosts with different clocks.</summary>
public sealed class RecordedTimeTests(BankFixture bank) : IClassFixture<BankFixture>
{
    [Fact]
    public async Task Recorded_times_of_operators_do_not_decrease_when_a_clock_goes_back()
    {
        await RebuildAsync();
        bank.Clock.Advance(TimeSpan.FromHours(-1));
        await RebuildAsync();

        Assert.Equal(
            [0L],
            await bank.QueryAsync<long>(
                $"""
                select count(*) from (
                    select timestamp < lag(timestamp) over (order by version) as decreases from bank.mt_events
                    where stream_id = '{ReadModelLog.StreamOf("ledger")}') e
                where decreases
                """));
        Assert.Empty(await DifferencesAsync());
    }

    /// <summary>Earlier versions of the bank stored decreasing times, and the log is never changed.</summary>
    [Fact]
    public async Task Decreasing_times_of_operators_are_no_difference_but_those_of_an_account_are()
    {
        var account = await bank.As("teller").OpenAsync(balance: "1.00");
        await RebuildAsync();
        await bank.CaughtUpAsync();
        var (books, stream) = (ReadModelLog.StreamOf("ledger"), Guid.Parse(account[4..]));
        await MoveFirstEventAsync(books, minutes: 1);
        Assert.DoesNotContain(await DifferencesAsync(), d => d.Model == "log");

        await MoveFirstEventAsync(stream, minutes: 1);
        Assert.Contains(await DifferencesAsync(), d => (d.Model, d.Table, d.Stream) == ("log", "event", stream));

        await MoveFirstEventAsync(books, minutes: -1);
        await MoveFirstEventAsync(stream, minutes: -1);
    }

    private async Task RebuildAsync()
    {
        Assert.Equal(
            202,
            (
                await bank.As("operator").PostAsync("/ops/projections/ledger/rebuild", new { reasonCode = "drill", reason = "To see" })
            ).StatusCode);
        await Eventually.UntilAsync(
            () => bank.QueryAsync<bool>("select exists (select from platform.read_model where name = 'ledger' and state = 'building')"),
            building => !building[0]);
    }

    private async Task MoveFirstEventAsync(Guid stream, int minutes)
    {
        await using var command = bank.Owner.CreateCommand(
            $"update bank.mt_events set timestamp = timestamp + interval '{minutes} minute' where stream_id = '{stream}' and version = 1");
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }

    private async Task<IReadOnlyList<Difference>> DifferencesAsync()
    {
        await bank.CaughtUpAsync();
        return (
            await bank.Host.Services.GetRequiredService<Verification>().RunAsync(Guid.Empty, null, _ => { }, CancellationToken.None)
        ).Differences;
    }
}
