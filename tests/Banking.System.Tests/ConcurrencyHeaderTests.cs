using System.Diagnostics;
using System.Globalization;
using Banking.Testing;

namespace Banking.System.Tests;

/// <summary>Headers that make a caller safe against others and against the past: If-Match, If-None-Match, Ledger-Min-Position.</summary>
public sealed class ConcurrencyHeaderTests(BankFixture bank) : IClassFixture<BankFixture>
{
    private readonly BankClient _teller = bank.As("teller");

    [Theory]
    [InlineData("\"2\"", 201)]
    [InlineData("*", 201)]
    [InlineData("\"1\"", 412)]
    [InlineData("\"3\"", 412)]
    [InlineData("\"0\"", 412)]
    [InlineData("2", 400)]
    [InlineData("\"two\"", 400)]
    [InlineData("W/\"2\"", 400)]
    [InlineData("\"-2\"", 400)]
    [InlineData("\" 2\"", 400)]
    [InlineData("\"", 400)]
    [InlineData("\"99999999999999999999\"", 400)]
    [InlineData("\"9223372036854775807\"", 412)]
    public async Task Money_moves_only_at_the_version_demanded(string ifMatch, int status)
    {
        var (account, other) = (await _teller.OpenAsync(balance: "10.00"), await _teller.OpenAsync(balance: "10.00"));
        var payer = await _teller.OpenAsync(balance: "10.00");
        var before = await bank.RowsAsync();

        foreach (var answer in new[]
        {
            await _teller.DepositAsync(account, "1.00", "EUR", ("If-Match", ifMatch)),
            await _teller.WithdrawAsync(other, "1.00", "EUR", ("If-Match", ifMatch)),
            await _teller.TransferAsync(payer, account, "1.00", "EUR", ("If-Match", ifMatch)),
        })
        {
            Refused(answer, ifMatch, status, 2);
        }

        Assert.Equal(status == 201, before != await bank.RowsAsync());
    }

    [Fact]
    public async Task An_account_is_controlled_only_at_the_version_demanded()
    {
        var account = await _teller.OpenAsync();
        var freeze = new { scope = "all", reasonCode = "wish", reason = "A wish." };

        Refused(await _teller.PostAsync($"/v1/accounts/{account}/freeze", freeze, ("If-Match", "\"2\"")), "\"2\"", 412, 1);
        (await _teller.PostAsync($"/v1/accounts/{account}/freeze", freeze, ("If-Match", "\"1\""))).IsAccepted(200, 2, null);
    }

    [Fact]
    public async Task A_repeat_is_answered_though_its_version_has_passed()
    {
        var account = await _teller.OpenAsync();
        (string, string)[] headers = [("If-Match", "\"1\""), ("Idempotency-Key", BankClient.NewKey())];

        var first = (await _teller.DepositAsync(account, "1.00", "EUR", headers)).Created();

        Assert.Equal(first.Body, (await _teller.DepositAsync(account, "1.00", "EUR", headers)).Created().Body);
    }

    [Theory]
    [InlineData("\"2\"", 304)]
    [InlineData("\"1\", \"2\"", 304)]
    [InlineData("W/\"2\"", 304)]
    [InlineData("*", 304)]
    [InlineData("\"1\"", 200)]
    [InlineData("2", 200)]
    [InlineData("nonsense", 200)]
    public async Task Who_has_the_version_already_is_not_sent_it_again(string ifNoneMatch, int status)
    {
        var account = await _teller.OpenAsync(balance: "10.00");

        foreach (var path in (string[])[$"/v1/accounts/{account}", $"/v1/accounts/{account}/balance"])
        {
            var answer = await _teller.GetAsync(path, ("If-None-Match", ifNoneMatch));
            Assert.Equal((status, "\"2\""), (answer.StatusCode, answer.Header("ETag")));
            Assert.Equal(status == 304, answer.Body.Length == 0);
        }
    }

    [Fact]
    public async Task A_balance_of_the_past_has_no_version_to_compare()
    {
        var account = await _teller.OpenAsync(balance: "10.00");

        var past = (await _teller.GetAsync($"/v1/accounts/{account}/balance?version=2", ("If-None-Match", "\"2\""))).Ok();

        Assert.Null(past.Header("ETag"));
    }

    [Fact]
    public async Task A_read_that_names_the_position_of_a_write_shows_the_write()
    {
        var account = await _teller.OpenAsync();
        var written = (await _teller.DepositAsync(account, "1.00")).Created();

        var read = (await _teller.GetAsync($"/v1/accounts/{account}/balance", ("Ledger-Min-Position", written.Header("Ledger-Position")!))).Ok();

        Assert.Equal("1.00", read.Text("balance", "value"));
        Assert.True(Position(read) >= Position(written));
        Assert.Null(read.Header("Ledger-Stale"));
    }

    [Theory]
    [InlineData(null, 0)]
    [InlineData("wait=0", 0)]
    [InlineData("respond-async, wait=1", 1)]
    public async Task A_read_that_the_ledger_does_not_reach_waits_as_long_as_asked_and_says_that_it_is_stale(string? prefer, int seconds)
    {
        var account = await _teller.OpenAsync(balance: "10.00");
        var started = Stopwatch.GetTimestamp();

        var read = (await _teller.GetAsync($"/v1/accounts/{account}", ("Ledger-Min-Position", "9000000000"), ("Prefer", prefer ?? ""))).Ok();

        Assert.Equal("true", read.Header("Ledger-Stale"));
        Assert.InRange(Position(read), 1, 8_999_999_999);
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

    private static void Refused(Answer answer, string ifMatch, int status, long version)
    {
        Assert.True(answer.StatusCode == status, $"If-Match {ifMatch}: {answer.StatusCode} {answer.Body}");
        if (status == 412)
        {
            Assert.Equal(version, answer.IsProblem(412, "version_mismatch").GetProperty("version").GetInt64());
        }
        else if (status == 400)
        {
            answer.IsProblem(400, "malformed_if_match");
        }
    }

    private static long Position(Answer answer) => long.Parse(answer.Header("Ledger-Position")!, CultureInfo.InvariantCulture);
}
