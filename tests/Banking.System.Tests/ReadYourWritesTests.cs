using System.Diagnostics;
using System.Globalization;
using Banking.Testing;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Banking.System.Tests;

/// <summary>A read with Ledger-Min-Position waits for that position, and is marked stale if it waited in vain.</summary>
public sealed class ReadYourWritesTests(BankFixture bank) : IClassFixture<BankFixture>
{
    private readonly BankClient _teller = bank.As("teller");

    [Fact]
    public async Task A_read_with_the_position_of_a_write_shows_the_write()
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
    public async Task A_position_beyond_the_end_is_refused_with_the_end_after_the_wait(string? prefer, int seconds)
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
    public async Task A_waiting_read_is_answered_when_the_log_reaches_the_position()
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

    [Fact]
    public async Task The_feed_is_answered_up_to_its_position_and_not_beyond_the_high_water_mark()
    {
        var account = await _teller.OpenAsync();
        var auditor = bank.As("auditor");
        await using var connection = await bank
            .Host.Services.GetRequiredService<NpgsqlDataSource>()
            .OpenConnectionAsync(TestContext.Current.CancellationToken);
        long wanted;
        await using (var transaction = await connection.BeginTransactionAsync(TestContext.Current.CancellationToken))
        {
            // An open transaction has drawn a position, so the log is not complete beyond it.
            await using var draw = new NpgsqlCommand("select nextval('bank.mt_events_sequence')", connection, transaction);
            var missing = (long)(await draw.ExecuteScalarAsync(TestContext.Current.CancellationToken))!;
            var written = (await _teller.DepositAsync(account, "1.00")).Created();
            wanted = Position(written);
            Assert.True(wanted > missing);

            foreach (var path in (string[])["/v1/feed", $"/v1/feed/completeness?account={account}"])
            {
                var early = (await auditor.GetAsync(path, ("Ledger-Min-Position", written.Header("Ledger-Position")!))).Ok();
                Assert.Equal((path, "true"), (path, early.Header("Ledger-Stale")));
                Assert.True(Position(early) < missing);
            }

            await transaction.RollbackAsync(TestContext.Current.CancellationToken);
        }

        var name = wanted.ToString(CultureInfo.InvariantCulture);
        var read = (await auditor.GetAsync($"/v1/feed?after={wanted - 1}", ("Ledger-Min-Position", name), ("Prefer", "wait=20"))).Ok();
        Assert.Null(read.Header("Ledger-Stale"));
        Assert.Equal(account, Assert.Single(read.Items()).GetProperty("subject").GetString());
        var complete = (
            await auditor.GetAsync($"/v1/feed/completeness?account={account}", ("Ledger-Min-Position", name), ("Prefer", "wait=20"))).Ok();
        Assert.True(complete.Json.GetProperty("position").GetInt64() >= wanted);
        Assert.Equal(2, complete.Json.GetProperty("last").GetInt64());
    }

    [Fact]
    public async Task A_list_that_cannot_wait_for_a_position_refuses_the_header()
    {
        (await _teller.GetAsync("/v1/notifications", ("Ledger-Min-Position", "1"))).IsProblem(400, "min_position_not_supported");
        (await _teller.GetAsync("/v1/notifications")).Ok();
    }

    [Theory]
    [InlineData("-1")]
    [InlineData("1.5")]
    [InlineData("far")]
    [InlineData("99999999999999999999")]
    [InlineData("1,2")]
    public async Task A_malformed_position_is_refused(string position) =>
        (await _teller.GetAsync("/v1/accounts", ("Ledger-Min-Position", position))).IsProblem(400, "malformed_position");

    /// <summary>The caller has seen what a restored log lacks, and must learn of that before it acts.</summary>
    [Theory]
    [InlineData("9000000000", 416, "position_beyond_end")]
    [InlineData("00000000000000000000000000000001:1", 409, "epoch_changed")]
    [InlineData("x:1", 400, "malformed_epoch")]
    [InlineData("far", 400, "malformed_position")]
    public async Task A_command_with_a_position_that_the_log_does_not_have_is_refused(string position, int status, string code)
    {
        var account = await _teller.OpenAsync(balance: "10.00");
        var key = ("Idempotency-Key", BankClient.NewKey());

        foreach (var path in (string[])["/v1/deposits", $"/v1/accounts/{account}/freeze"])
        {
            object body = path.EndsWith("deposits", StringComparison.Ordinal)
                ? new { accountId = account, amount = new { value = "1.00", currency = "EUR" }, reason = "cash" }
                : new { scope = "debit", reasonCode = "test", reason = "a test" };
            var refused = await _teller.PostAsync(path, body, ("Ledger-Min-Position", position), key);
            Assert.Equal((status, code), (refused.StatusCode, refused.Code));
        }

        var done = await _teller.DepositAsync(account, "1.00", "EUR", key, ("Ledger-Min-Position", await bank.LastAsync()));
        Assert.Equal("11.00", done.Created().Text("balance", "value"));
    }

    private static long Position(Answer answer) => long.Parse(answer.Header("Ledger-Position")!, CultureInfo.InvariantCulture);
}
