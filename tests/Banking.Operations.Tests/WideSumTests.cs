using Banking.ReadModels.Books;
using Banking.ReadModels.Verifying;
using Banking.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Banking.Operations.Tests;

/// <summary>
/// Each amount and balance fits in 64 bits, but sums of them may not: balances at past instants, customer deposits, and compared sums.
/// </summary>
public sealed class WideSumTests : IAsyncLifetime
{
    private const string Largest = "1000000000000000.00";

    private readonly ProbedBank _bank = new();

    public ValueTask InitializeAsync() => _bank.InitializeAsync();

    public ValueTask DisposeAsync() => _bank.DisposeAsync();

    [Theory]
    [InlineData(1, false, "93000000000000000.00")]
    [InlineData(1, true, "93000000000000000.00")]
    [InlineData(7, false, "651000000000000000.00")]
    public async Task A_balance_at_a_past_instant_may_exceed_64_bits(int rounds, bool behind, string expected)
    {
        var teller = _bank.As("teller");
        var account = await teller.OpenAsync();
        var opened = _bank.Clock.Now;
        _bank.Clock.Advance(TimeSpan.FromDays(10));
        if (behind)
        {
            await PauseAsync();
        }

        for (var i = 0; i < rounds * 3; i++)
        {
            await BookManyAsync(teller, "deposits", account, 31, opened.AddDays(1));
            await BookManyAsync(teller, "withdrawals", account, 31);
        }

        if (!behind)
        {
            await _bank.CaughtUpAsync();
        }

        var then = (await teller.GetAsync($"/v1/accounts/{account}/balance?effectiveAt={opened.AddDays(2):yyyy-MM-ddTHH:mm:ssZ}")).Ok();

        Assert.Equal((expected, expected), (then.Text("balance", "value"), then.Text("available", "value")));
        Assert.Equal("0.00", await teller.BalanceAsync(account));
        var figures = (await teller.GetAsync($"/v1/accounts/{account}/figures?by=day")).Ok().Items();
        Assert.Equal([expected, "0.00"], figures.Select(f => f.GetProperty("closingBalance").GetProperty("value").GetString()));
        Assert.Equal(expected, figures[0].GetProperty("credits").GetProperty("value").GetString());
        Assert.Equal(expected, figures[1].GetProperty("debits").GetProperty("value").GetString());
        var entries = (await teller.GetAsync($"/v1/accounts/{account}/entries?limit=2")).Ok().Items();
        Assert.Equal([Largest, "2000000000000000.00"], entries.Select(e => e.GetProperty("balance").GetProperty("value").GetString()));
    }

    [Fact]
    public async Task A_negative_balance_at_a_past_instant_may_exceed_64_bits()
    {
        var teller = _bank.As("teller");
        var account = await teller.OpenAsync();
        var opened = _bank.Clock.Now;
        await BookManyAsync(teller, "deposits", account, 1);
        _bank.Clock.Advance(TimeSpan.FromDays(1));

        // As after an import: the withdrawals take effect before the deposits.
        await _bank.ExecuteAsync(
            "insert into bank.mt_events (seq_id, id, stream_id, version, data, type, timestamp, tenant_id, mt_dotnet_type, "
                + "correlation_id, headers, user_name, is_archived) "
                + "select nextval('bank.mt_events_sequence'), gen_random_uuid(), e.stream_id, 2 + n, "
                + "jsonb_set(e.data, '{effectiveAt}', case when n % 2 = 1 "
                + "then '\"2026-11-17T16:00:00+00:00\"'::jsonb else '\"2026-11-18T15:00:00+00:00\"' end), "
                + "case when n % 2 = 1 then 'accounts.money-withdrawn.v3' else e.type end, "
                + "e.timestamp + interval '1 second', e.tenant_id, '', e.correlation_id, e.headers, e.user_name, false "
                + "from bank.mt_events e, generate_series(1, 200) n where e.type = 'accounts.money-deposited.v3'");
        await _bank.ExecuteAsync("update bank.mt_streams set version = 202 where type = 'account'");

        var then = (await teller.GetAsync($"/v1/accounts/{account}/balance?effectiveAt={opened.AddHours(2):yyyy-MM-ddTHH:mm:ssZ}")).Ok();

        Assert.Equal("-99000000000000000.00", then.Text("balance", "value"));
    }

    [Fact]
    public async Task The_sum_of_customer_deposits_is_compared_beyond_64_bits()
    {
        var teller = _bank.As("teller");
        var accounts = new[] { await teller.OpenAsync(), await teller.OpenAsync() };
        foreach (var account in accounts)
        {
            await BookManyAsync(teller, "deposits", account, 47);
        }

        await _bank.CaughtUpAsync();
        var verified = await _bank.Verification.RunAsync(Guid.Empty, null, _ => { }, CancellationToken.None);
        Assert.Empty(verified.Differences);
        Assert.Equal(98, verified.Events);

        var sentinel = _bank.Host.Services.GetRequiredService<Sentinel>();
        await sentinel.RunAsync(CancellationToken.None);
        Assert.Equal((1, 0), (sentinel.Status.Looks, sentinel.Status.Open.Count));

        // A difference of one cent is found and reported with both sums.
        var entry = await _bank.ActiveAsync("accounts", "entry", "entries");
        await _bank.ExecuteAsync($"update {entry} set balance = balance - 1 where version = 48 and account = $1", Id(accounts[0]));
        var found = Assert.Single(await _bank.Verification.BankAsync(CancellationToken.None));
        Assert.Equal(
            ["""{"EUR/2":"9399999999999999999"}""", """{"EUR/2":"9400000000000000000"}"""],
            new[] { found.Expected, found.Found }.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Sums_beyond_the_range_of_decimal_are_reported()
    {
        var teller = _bank.As("teller");
        await teller.OpenAsync(balance: "1.00");
        await _bank.CaughtUpAsync();
        var (model, active) = (
            _bank.Verification.Models.Single(m => m.Name == "ledger"), await _bank.ActiveAsync("ledger", "gl_day", "ledger"));
        await _bank.ExecuteAsync($"update {active} set debits = 1e40 + 0.5 where gl = 1000");

        var tracker = new SumTracker(model, model.Tables.Single(t => t.Name == "gl_day"));
        var sums = Assert.Single(
            (await _bank.Verification.SumsAsync(model, tracker, TimeSpan.FromMinutes(1), TimeProvider.System, CancellationToken.None))!);
        Assert.Contains("debits 10000000000000000000000000000000000000000.5,", sums.Found, StringComparison.Ordinal);
        Assert.Contains("debits 100,", sums.Expected, StringComparison.Ordinal);
        var bank = await _bank.Verification.BankAsync(CancellationToken.None);
        Assert.Contains(bank, d => d is { Table: "balance of EUR/2", Expected: "0", Found: "9999999999999999999999999999999999999900.5" });
    }

    [Fact]
    public async Task The_balance_of_single_halves_of_transfers_is_reported_beyond_64_bits()
    {
        var teller = _bank.As("teller");
        await teller.OpenAsync(balance: "1.00");
        await _bank.CaughtUpAsync();
        var journal = await _bank.ActiveAsync("ledger", "journal", "ledger");
        var active = await _bank.ActiveAsync("ledger", "gl_day", "ledger");
        await _bank.ExecuteAsync(
            $"insert into {active} select 2800, 'EUR', 2, '2020-01-01', d, 9000000000000000000, 0, 1 "
                + "from generate_series('2020-01-01'::date, '2020-01-04', '1 day') d");
        await _bank.ExecuteAsync(
            $"insert into {journal} select 1000000 + n, gen_random_uuid(), 2800, 'EUR', 2, 9000000000000000000, '2020-01-01', "
                + "now() + interval '1 day' from generate_series(1, 2) n");

        var found = await _bank.Verification.BankAsync(CancellationToken.None);

        Assert.Contains(found, d => d is { Table: "transfers in transit of EUR/2", Found: "18000000000000000000" });
        Assert.Contains(found, d => d is { Table: "balance of EUR/2", Found: "36000000000000000000" });
    }

    private Task PauseAsync() =>
        _bank.ExecuteAsync(
            "update platform.read_model set paused_at = now(), pause_reason = 'test' where name = 'entries' and state = 'serving'");

    private static async Task BookManyAsync(
        BankClient teller, string what, string account, int count, DateTimeOffset? effectiveAt = null)
    {
        var items = Enumerable.Range(0, count).Select(_ => new
        {
            idempotencyKey = BankClient.NewKey(),
            command = new
            {
                accountId = account,
                amount = new { value = Largest, currency = "EUR" },
                effectiveAt,
                reason = "Wide sums",
            },
        });
        var answers = (await teller.PostAsync($"/v1/{what}/batch", new { mode = "independent", items })).Ok();
        Assert.All(answers.Json.GetProperty("results").EnumerateArray(), r => Assert.Equal(201, r.GetProperty("status").GetInt32()));
    }

    private static Guid Id(string account) =>
        SharedKernel.PublicId.TryParse("acc", account, out var id) ? id : throw new FormatException(account);
}
