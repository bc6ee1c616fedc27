using Banking.ReadModels.Verifying;
using Banking.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Banking.Operations.Tests;

/// <summary>Which differences the sentinel reports as new while others are known.</summary>
public sealed class NewDifferenceTests(BankFixture bank) : IClassFixture<BankFixture>, IAsyncLifetime
{
    private readonly BankClient _operator = bank.As("operator");
    private readonly Sentinel _sentinel = bank.Host.Services.GetRequiredService<Sentinel>();

    public async ValueTask InitializeAsync()
    {
        foreach (var currency in (string[])["EUR", "USD"])
        {
            await bank.As("teller").OpenAsync(currency: currency, balance: "10.00");
        }

        await bank.CaughtUpAsync();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var model in (string[])["ledger", "entries"])
        {
            (await _operator.PostAsync(
                $"/ops/projections/{model}/repair", new { reasonCode = "mended", reason = "A test changed rows." })).Ok();
        }

        Assert.Empty((await RunAsync()).Open);
    }

    [Theory]
    [InlineData("gl_day", "debits = debits + 1 where gl = 1000", "credits = credits + 1 where gl = 2000")]
    [InlineData("gl_chunk", "entries = entries + 1 where currency = 'EUR'", "entries = entries + 1 where currency = 'USD'")]
    public async Task A_sum_that_differs_is_new_although_another_sum_of_its_table_is_known(string table, string first, string second)
    {
        var (active, before) = (await bank.ActiveAsync("ledger", table, "ledger"), await ReportsAsync(table));
        await bank.ExecuteAsync($"update {active} set {first}");
        await RunAsync();
        Assert.Equal(before + 1, await ReportsAsync(table));

        await bank.ExecuteAsync($"update {active} set {second}");
        await RunAsync();

        Assert.Equal(before + 2, await ReportsAsync(table));
        await RunAsync();
        Assert.Equal(before + 2, await ReportsAsync(table));
    }

    [Fact]
    public async Task A_sum_that_an_earlier_version_of_the_bank_reported_without_its_key_is_known()
    {
        await bank.ExecuteAsync($"update {await bank.ActiveAsync("ledger", "gl_day", "ledger")} set debits = debits + 1 where gl = 1000");
        var found = await RunAsync();
        var reports = await ReportsAsync("gl_day");

        await (found with { Open = [.. found.Open.Select(d => d with { Key = null })] }).SaveAsync(bank.Database, CancellationToken.None);
        await RunAsync();

        Assert.Equal(reports, await ReportsAsync("gl_day"));
    }

    [Fact]
    public async Task The_total_of_a_currency_that_differs_is_new_although_that_of_another_is_known()
    {
        var (active, before) = (await bank.ActiveAsync("accounts", "entry", "entries"), await ReportsAsync("totals"));
        await bank.ExecuteAsync($"update {active} set balance = balance + 1 where version = 2 and currency = 'EUR'");
        Assert.Equal(["EUR/2"], (await RunAsync()).Open.Where(d => d.Table == "totals").Select(d => d.Key));

        await bank.ExecuteAsync($"update {active} set balance = balance + 1 where version = 2 and currency = 'USD'");

        Assert.Equal(["EUR/2", "USD/2"], (await RunAsync()).Open.Where(d => d.Table == "totals").Select(d => d.Key));
        Assert.Equal(before + 2, await ReportsAsync("totals"));
    }

    [Fact]
    public async Task A_further_row_of_a_stream_that_differs_is_the_known_difference()
    {
        var (active, before) = (await bank.ActiveAsync("accounts", "entry", "entries"), await ReportsAsync("entry"));
        var account = (await bank.QueryAsync<Guid>("select account from accounts.entry order by position limit 1"))[0];
        var change = $"update {active} set recorded_at = recorded_at + interval '1 s' where account = $1 and version = ";
        await bank.ExecuteAsync(change + "1", account);
        await RunAsync();

        await bank.ExecuteAsync(change + "2", account);
        var status = await RunAsync();

        Assert.Equal(2, status.Open.Count(d => d.Table == "entry" && d.Stream == account));
        Assert.Equal(before + 1, await ReportsAsync("entry"));
    }

    private async Task<SentinelStatus> RunAsync()
    {
        await _sentinel.RunAsync(CancellationToken.None);
        return _sentinel.Status;
    }

    /// <summary>How many times differences of a table were reported in the operator log.</summary>
    private async Task<long> ReportsAsync(string table) => (await bank.QueryAsync<long>(
        "select count(*) from bank.mt_events where type = 'platform.drift-found.v1' and data ->> 'table' = $1 "
            + "and data ->> 'repaired' = 'false'",
        table))[0];
}
