using System.Diagnostics;
using System.Globalization;
using Banking.Testing;

namespace Banking.System.Tests;

/// <summary>A read that names the position of a write waits for it, and says so where it waited in vain.</summary>
public sealed class ReadYourWritesTests(BankFixture bank) : IClassFixture<BankFixture>
{
    private readonly BankClient _teller = bank.As("teller");

    [Fact]
    public async Task A_read_that_names_the_position_of_a_write_shows_the_write()
    {
        var account = await _teller.OpenAsync();
        var written = (await _teller.DepositAsync(account, "1.00")).Created();

        var read = (await _teller.GetAsync($"/v1/accounts/{account}/balance",
            ("Ledger-Min-Position", written.Header("Ledger-Position")!))).Ok();

        Assert.Equal("1.00", read.Text("balance", "value"));
        Assert.True(Position(read) >= Position(written));
        Assert.Null(read.Header("Ledger-Stale"));
    }

    [Theory]
    [InlineData(null, 0)]
    [InlineData("wait=0", 0)]
    [InlineData("respond-async, wait=1", 1)]
    public async Task A_position_that_the_log_does_not_reach_as_long_as_asked_is_refused_with_the_end(string? prefer, int seconds)
    {
        var account = await _teller.OpenAsync(balance: "10.00");
        var started = Stopwatch.GetTimestamp();

        foreach (var path in (string[])[$"/v1/accounts/{account}", "/v1/entries"])
        {
            var problem = (await _teller.GetAsync(path, ("Ledger-Min-Position", "9000000000"), ("Prefer", prefer ?? "")))
                .IsProblem(416, "position_beyond_end");
            Assert.Equal(await bank.LastAsync(), problem.GetProperty("end").GetRawText());
            Assert.Equal(9_000_000_000, problem.GetProperty("position").GetInt64());
        }

        Assert.True(Stopwatch.GetElapsedTime(started) >= TimeSpan.FromSeconds(seconds));
    }

    [Fact]
    public async Task A_read_that_waits_is_answered_when_the_ledger_gets_there()
    {
        var account = await _teller.OpenAsync();
        var next = Position((await _teller.DepositAsync(account, "1.00")).Created()) + 1;

        var waiting = _teller.GetAsync(
            $"/v1/accounts/{account}", ("Ledger-Min-Position", next.ToString(CultureInfo.InvariantCulture)), ("Prefer", "wait=30"));
        Assert.False(waiting.IsCompleted);
        (await _teller.DepositAsync(account, "1.00")).Created();

        var read = (await waiting).Ok();
        Assert.Null(read.Header("Ledger-Stale"));
        Assert.True(Position(read) >= next);
    }

    [Theory]
    [InlineData("-1")]
    [InlineData("1.5")]
    [InlineData("far")]
    [InlineData("99999999999999999999")]
    [InlineData("1,2")]
    public async Task A_position_is_a_number_as_it_was_given(string position) =>
        (await _teller.GetAsync("/v1/accounts", ("Ledger-Min-Position", position))).IsProblem(400, "malformed_position");

    private static long Position(Answer answer) => long.Parse(answer.Header("Ledger-Position")!, CultureInfo.InvariantCulture);
}
