using System.Globalization;
using System.Text.Json;
using Banking.Ledger.ReadModels;
using Banking.Testing;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Banking.Ledger.Tests;

/// <summary>The ledger equals the events at any pair of day and instant, and all its views agree.</summary>
public sealed class LedgerTests(RandomLedger bank, ITestOutputHelper output) : IClassFixture<RandomLedger>
{
    private readonly BankClient _auditor = bank.Auditor;
    private readonly Random _random = Seeded(bank, output);

    [Fact]
    public async Task At_a_thousand_pairs_of_day_and_instant_the_ledger_balances_and_equals_the_events()
    {
        var balances = bank.Host.Services.GetRequiredService<GlBalances>();
        var (compared, different) = (0, 0);
        for (var i = 0; i < 1_000; i++)
        {
            var (day, instant) = (bank.Day(_random), _random.Next(10) == 0 ? (DateTimeOffset?)null : bank.Instant(_random));

            var found = await balances.ReadAsync(day, instant, CancellationToken.None);

            Assert.All(found.GroupBy(b => b.Currency), currency => Assert.Equal(0, currency.Sum(b => b.Net)));
            Assert.All(found.Where(b => b.Account.Name == "transfers-in-transit"), b => Assert.Equal(0, b.Net));
            var known = bank.Lines.Where(l => l.EffectiveOn <= day && (instant is null || l.RecordedAt <= instant)).ToList();
            Assert.Equal(
                Sums(known),
                found.Select(b => (b.Currency.Code, b.Account.Name, b.Debits, b.Credits)).Order());
            compared += found.Count;
            different += Sums(known).SequenceEqual(Sums(bank.Lines)) ? 0 : 1;
        }

        // Most pairs must differ from the whole ledger: comparing the whole a thousand times would prove little.
        Assert.InRange(different, 500, 1_000);
        output.WriteLine($"{compared} balances compared, {different} of 1000 pairs differ from the ledger of today.");
    }

    [Fact]
    public async Task A_backdated_entry_is_in_the_balances_of_its_day_from_its_recording_on()
    {
        var balances = bank.Host.Services.GetRequiredService<GlBalances>();
        var backdated = bank.Lines.Where(l => l.EffectiveOn < DateOnly.FromDateTime(l.RecordedAt.UtcDateTime)).ToList();
        foreach (var line in backdated.DistinctBy(l => l.RecordedAt))
        {
            var before = await balances.ReadAsync(line.EffectiveOn, line.RecordedAt.AddMicroseconds(-1), CancellationToken.None);
            var after = await balances.ReadAsync(line.EffectiveOn, line.RecordedAt, CancellationToken.None);

            var recorded = bank.Lines.Where(l => l.RecordedAt == line.RecordedAt && l.EffectiveOn <= line.EffectiveOn);
            Assert.Equal(
                Sums(recorded).Select(s => (s.Currency, s.Account, s.Debits - s.Credits)).Where(s => s.Item3 != 0),
                after.Select(a => (a.Currency.Code, a.Account.Name, a.Net - before
                    .Where(b => (b.Account, b.Currency) == (a.Account, a.Currency)).Sum(b => b.Net)))
                    .Where(s => s.Item3 != 0).Order());
        }

        Assert.InRange(backdated.Count, 100, int.MaxValue);
    }

    /// <summary>A host that was suspended can record an earlier time at a later position, in another chunk.</summary>
    [Fact]
    public async Task Entries_whose_recorded_times_do_not_rise_with_their_positions_are_known_at_their_recorded_times()
    {
        var day = bank.Lines.GroupBy(l => l.RecordedAt.UtcDateTime.Date).MaxBy(d => d.Count())!.OrderBy(l => l.Position).ToList();
        var swapped = new Dictionary<long, DateTimeOffset>
        {
            [day[0].Position] = day[^1].RecordedAt,
            [day[^1].Position] = day[0].RecordedAt,
        };
        // The first and the last entry of the day are some chunks apart.
        Assert.InRange(day[^1].Position - day[0].Position, 3 * RandomLedger.ChunkPositions, long.MaxValue);
        var lines = bank.Lines.Select(l => l with { RecordedAt = swapped.GetValueOrDefault(l.Position, l.RecordedAt) }).ToList();
        await RecordAsync(swapped);
        try
        {
            var balances = bank.Host.Services.GetRequiredService<GlBalances>();
            foreach (var instant in day.SelectMany(l => new[] { l.RecordedAt, l.RecordedAt.AddMicroseconds(-1) }).Distinct())
            {
                var upTo = bank.Day(_random);
                Assert.Equal(
                    Sums(lines.Where(l => l.EffectiveOn <= upTo && l.RecordedAt <= instant)),
                    (await balances.ReadAsync(upTo, instant, CancellationToken.None))
                        .Select(b => (b.Currency.Code, b.Account.Name, b.Debits, b.Credits)).Order());
            }
        }
        finally
        {
            await RecordAsync(swapped.Keys.ToDictionary(p => p, p => bank.Lines.First(l => l.Position == p).RecordedAt));
        }
    }

    /// <summary>Changes recorded times of the journal, and computes the sums of chunks again.</summary>
    private async Task RecordAsync(Dictionary<long, DateTimeOffset> recorded)
    {
        await using var command = bank.Owner.CreateCommand(
            $"""
            update ledger.journal j set recorded_at = r.at from unnest($1, $2) as r(position, at) where j.position = r.position;
            """);
        command.Parameters.AddWithValue(recorded.Keys.ToArray());
        command.Parameters.AddWithValue(recorded.Values.Select(v => v.UtcDateTime).ToArray());
        await command.ExecuteNonQueryAsync();
        await using var sums = bank.Owner.CreateCommand(
            $"delete from ledger.gl_chunk; insert into ledger.gl_chunk {Derived(LedgerModel.Chunk)}");
        await sums.ExecuteNonQueryAsync();
    }

    /// <summary>Sums are added with each entry, or computed from the journal by a rebuild. Both must give the same rows.</summary>
    [Theory]
    [InlineData(LedgerModel.Day)]
    [InlineData(LedgerModel.Chunk)]
    public async Task The_sums_equal_those_of_a_rebuild(string table)
    {
        await using var command = bank.Database.CreateCommand(
            $"with rebuilt as ({Derived(table)}) select count(*) from (((table rebuilt) except all (table ledger.{table})) "
                + $"union all ((table ledger.{table}) except all (table rebuilt))) as different");

        Assert.Equal(0L, await command.ExecuteScalarAsync());
    }

    private static string Derived(string table) =>
        new LedgerModel(RandomLedger.ChunkPositions).Tables.Single(t => t.Name == table).Derivation!.Query
            .Replace("{from}", "ledger.journal", StringComparison.Ordinal).Replace("{condition}", "true", StringComparison.Ordinal);

    [Fact]
    public async Task A_trial_balance_shows_turnovers_balances_and_totals_with_the_decimals_of_its_currency()
    {
        var answer = (await _auditor.GetAsync("/v1/ledger/trial-balance")).Ok();

        Assert.Equal(["date", "currencies"], answer.Members());
        Assert.Equal(Date(bank.Clock.Now), answer.Text("date"));
        Assert.True(
            long.Parse(answer.Header("Ledger-Position")!, CultureInfo.InvariantCulture)
                >= long.Parse(bank.Position, CultureInfo.InvariantCulture));
        var currencies = answer.Json.GetProperty("currencies").EnumerateArray().ToList();
        Assert.Equal(["EUR", "JPY", "KWD"], currencies.Select(c => c.GetProperty("currency").GetString()));
        foreach (var (currency, scale) in currencies.Zip([2, 0, 3]))
        {
            var name = currency.GetProperty("currency").GetString()!;
            var lines = bank.Lines.Where(l => l.Currency == name).ToList();
            Assert.True(currency.GetProperty("balanced").GetBoolean());
            Assert.Equal(lines.Where(l => l.IsDebit).Sum(l => l.Minor), Minor(currency.GetProperty("debits"), scale));
            Assert.Equal(lines.Where(l => !l.IsDebit).Sum(l => l.Minor), Minor(currency.GetProperty("credits"), scale));
            Assert.Equal(currency.GetProperty("debitBalances").GetRawText(), currency.GetProperty("creditBalances").GetRawText());
            foreach (var line in currency.GetProperty("lines").EnumerateArray())
            {
                var (debit, credit) = (Minor(line.GetProperty("debit"), scale), Minor(line.GetProperty("credit"), scale));
                Assert.NotEqual(
                    line.TryGetProperty("debitBalance", out var onDebit), line.TryGetProperty("creditBalance", out var onCredit));
                Assert.Equal(
                    debit - credit, onDebit.ValueKind == JsonValueKind.Undefined ? -Minor(onCredit, scale) : Minor(onDebit, scale));
            }
        }
    }

    [Fact]
    public async Task A_balance_sheet_balances_and_its_equity_is_the_retained_result()
    {
        for (var i = 0; i < 50; i++)
        {
            var query = i == 0 ? "" : $"?date={bank.Day(_random):yyyy-MM-dd}&knownAt={Query(bank.Instant(_random))}";
            var sheet = (await _auditor.GetAsync("/v1/ledger/balance-sheet" + query)).Ok();
            var trial = (await _auditor.GetAsync("/v1/ledger/trial-balance" + query)).Ok();

            foreach (var (currency, lines) in sheet.Json.GetProperty("currencies").EnumerateArray().Zip(
                trial.Json.GetProperty("currencies").EnumerateArray().Select(c => c.GetProperty("lines").EnumerateArray().ToList())))
            {
                Assert.True(currency.GetProperty("balanced").GetBoolean());
                Assert.Equal(
                    currency.GetProperty("totalAssets").GetRawText(), currency.GetProperty("totalLiabilitiesAndEquity").GetRawText());
                decimal Of(params string[] kinds) =>
                    lines
                        .Where(l => kinds.Contains(l.GetProperty("kind").GetString()))
                        .Sum(l => Value(l.GetProperty("debit")) - Value(l.GetProperty("credit")));
                Assert.Equal(-Of("income", "expense"), Value(currency.GetProperty("retainedResult")));
                Assert.Equal(Of("asset"), Value(currency.GetProperty("totalAssets")));
                Assert.Equal(-Of("liability"), Value(currency.GetProperty("totalLiabilities")));
                Assert.Equal(Of("asset"), currency.GetProperty("assets").EnumerateArray().Sum(a => Value(a.GetProperty("balance"))));
            }
        }
    }

    [Fact]
    public async Task Customer_deposits_equal_the_sum_of_all_accounts()
    {
        var chart = (await _auditor.GetCurrentAsync("/v1/ledger/accounts", bank.Position)).Ok();
        var accounts = (await _auditor.GetAsync("/v1/accounts?limit=500")).Ok().Items();

        Assert.Equal(
            accounts.Select(a => a.GetProperty("balance")).GroupBy(b => b.GetProperty("currency").GetString()!)
                .Select(c => (c.Key, c.Sum(Value))).Order(),
            chart.Items().Single(a => a.GetProperty("account").GetString() == "customer-deposits").GetProperty("balances").EnumerateArray()
                .Select(b => (b.GetProperty("currency").GetString()!, Value(b))).Order());
        Assert.Equal(
            ["cash", "settlement", "customer-deposits", "transfers-in-transit", "suspense", "fees", "interest"],
            chart.Items().Select(a => a.GetProperty("account").GetString()));
    }

    [Fact]
    public async Task The_entries_of_a_figure_add_up_to_it()
    {
        for (var i = 0; i < 5; i++)
        {
            var query = i == 0 ? "" : $"?date={bank.Day(_random):yyyy-MM-dd}&knownAt={Query(bank.Instant(_random))}";
            var trial = (await _auditor.GetAsync("/v1/ledger/trial-balance" + query)).Ok();
            foreach (
                var line in trial.Json.GetProperty("currencies").EnumerateArray().SelectMany(c => c.GetProperty("lines").EnumerateArray()))
            {
                var account = line.GetProperty("account").GetString()!;

                var entries = await EntriesAsync(line.GetProperty("entries").GetString()!, 37);

                Assert.Equal(
                    (Value(line.GetProperty("debit")), Value(line.GetProperty("credit"))),
                    (Sum(entries, account, "debit"), Sum(entries, account, "credit")));
                Assert.Equal(
                    entries.Select(Key).Order(), entries.Select(Key));
                Assert.Equal(entries.Count, entries.DistinctBy(e => e.GetProperty("position").GetInt64()).Count());
            }
        }
    }

    [Fact]
    public async Task The_groups_of_an_explanation_add_up_to_the_line_and_link_to_its_entries()
    {
        for (var i = 0; i < 4; i++)
        {
            var query = i == 0 ? "" : $"?date={bank.Day(_random):yyyy-MM-dd}&knownAt={Query(bank.Instant(_random))}";
            var trial = (await _auditor.GetAsync("/v1/ledger/trial-balance" + query)).Ok();
            foreach (
                var line in trial.Json.GetProperty("currencies").EnumerateArray().SelectMany(c => c.GetProperty("lines").EnumerateArray()))
            {
                await AssertExplanationAsync(line, i == 1 ? $"&from={bank.Day(_random):yyyy-MM-dd}" : "");
            }
        }
    }

    [Fact]
    public async Task An_explanation_locks_the_journal_before_the_sums_of_days_as_the_switch_to_a_rebuilt_ledger_does()
    {
        await using var connection = await bank.Database.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await using var command = new NpgsqlCommand("lock table ledger.journal in access exclusive mode", connection, transaction);
        await command.ExecuteNonQueryAsync();
        var reading = _auditor.GetAsync("/v1/ledger/accounts/cash/explain");
        await using var waiting = bank.Database.CreateCommand(
            "select count(*) from pg_locks where not granted and relation = 'ledger.journal'::regclass");
        await Eventually.UntilAsync(async () => (long)(await waiting.ExecuteScalarAsync())!, count => count > 0);

        command.CommandText = "lock table ledger.gl_day in access exclusive mode nowait";
        await command.ExecuteNonQueryAsync();

        await transaction.RollbackAsync();
        (await reading).Ok();
    }

    private async Task AssertExplanationAsync(JsonElement line, string from)
    {
        var answer = await _auditor.GetAsync(line.GetProperty("explanation").GetString() + from);
        if (from.Length > 0 && answer.StatusCode == 400)
        {
            Assert.Equal("malformed_period", answer.Code);
            return;
        }

        var explained = Assert.Single(answer.Ok().Json.GetProperty("currencies").EnumerateArray());
        var isDebitNormal = line.GetProperty("kind").GetString() is "asset" or "expense";
        var balance = (Value(line.GetProperty("debit")) - Value(line.GetProperty("credit"))) * (isDebitNormal ? 1 : -1);
        Assert.Equal(balance, Value(explained.GetProperty("balance")));
        foreach (var grouping in (string[])["months", "types", "customers"])
        {
            var groups = explained.GetProperty(grouping).EnumerateArray().ToList();
            Assert.Equal(
                balance, Value(explained.GetProperty("opening")) + groups.Sum(g => Value(g.GetProperty("net"))));
            Assert.Equal(explained.GetProperty("entries").GetInt64(), groups.Sum(g => g.GetProperty("entries").GetInt64()));
            foreach (var group in groups.Take(2))
            {
                if (group.TryGetProperty("explanation", out var link))
                {
                    var month = (await _auditor.GetAsync(link.GetString()!)).Ok().Json.GetProperty("currencies")[0];
                    Assert.Equal(group.GetProperty("entries").GetInt64(), month.GetProperty("entries").GetInt64());
                    Assert.Equal(
                        Value(group.GetProperty("net")), Value(month.GetProperty("balance")) - Value(month.GetProperty("opening")));
                }

                Assert.Equal(grouping == "months", link.ValueKind == JsonValueKind.String);
                var entries = await EntriesAsync(group.GetProperty("items").GetString()!, 500);
                Assert.Equal(group.GetProperty("entries").GetInt32(), entries.Count);
                Assert.Equal(Value(group.GetProperty("debit")), Sum(entries, line.GetProperty("account").GetString()!, "debit"));
            }
        }
    }

    [Theory]
    [InlineData("cash", true)]
    [InlineData("customer-deposits", false)]
    public async Task An_entry_that_should_not_be_there_is_found_by_the_difference_that_it_makes(string account, bool isDebitNormal)
    {
        var entry = (await ItemsAsync($"/v1/ledger/accounts/{account}/entries?currency=KWD", 500))[^1];
        var line = entry.GetProperty("lines").EnumerateArray().Single(l => l.GetProperty("account").GetString() == account);
        var amount = line.TryGetProperty("debit", out var debit) ? Value(debit) : -Value(line.GetProperty("credit"));
        var explained = (await _auditor.GetAsync($"/v1/ledger/accounts/{account}/explain?currency=KWD")).Ok();
        var figure = explained.Json.GetProperty("currencies")[0];
        var expected = Value(figure.GetProperty("balance")) - (isDebitNormal ? amount : -amount);

        var found = (await _auditor.GetAsync(
            $"/v1/ledger/accounts/{account}/mistakes?currency=KWD&expected={expected.ToString("F3", CultureInfo.InvariantCulture)}")).Ok();

        Assert.Equal(Value(figure.GetProperty("balance")), Value(found.Json.GetProperty("balance")));
        Assert.Contains(
            entry.GetProperty("eventId").GetString(),
            found.Json.GetProperty("candidates").EnumerateArray()
                .Where(c => c.GetProperty("rule").GetString() is "exact-amount" or "double-booking")
                .Select(c => c.GetProperty("entries")[0].GetProperty("eventId").GetString()));
    }

    [Fact]
    public async Task An_entry_shows_both_lines_and_links_to_its_event_and_its_account()
    {
        var entry = (await _auditor.GetAsync("/v1/ledger/accounts/fees/entries?limit=1")).Ok().Items().Single();

        Assert.Equal(
            ["position", "eventId", "type", "effectiveOn", "recordedAt", "accountId", "lines", "links"],
            entry.EnumerateObject().Select(m => m.Name));
        Assert.Equal("1900-01-01", entry.GetProperty("effectiveOn").GetString());
        Assert.Equal("accounts.money-deposited.v3", entry.GetProperty("type").GetString());
        Assert.Equal(
            """[{"account":"customer-deposits","number":2000,"credit":{"value":"0.07","currency":"EUR"}},"""
                + """{"account":"fees","number":4000,"debit":{"value":"0.07","currency":"EUR"}}]""",
            entry.GetProperty("lines").GetRawText());
        var e = Assert.Single(
            (await _auditor.GetCurrentAsync(entry.GetProperty("links").GetProperty("event").GetString()!, bank.Position)).Ok().Items());
        Assert.Equal(
            (
                entry.GetProperty("eventId").GetString(),
                entry.GetProperty("position").GetInt64(),
                entry.GetProperty("recordedAt").GetDateTimeOffset()),
            (e.GetProperty("id").GetString(), e.GetProperty("position").GetInt64(), e.GetProperty("recordedAt").GetDateTimeOffset()));
        (await _auditor.GetAsync(entry.GetProperty("links").GetProperty("account").GetString()!)).Ok();
    }

    [Fact]
    public async Task Figures_by_day_add_up_to_those_by_month_and_to_their_entries()
    {
        foreach (var query in (string[])["", "&currency=KWD", "&from=2026-10-20&to=2026-12-05", "&from=2026-11-20"])
        {
            var days = await ItemsAsync("/v1/ledger/figures?by=day" + query, 7);
            var months = await ItemsAsync("/v1/ledger/figures?by=month" + query, 1);

            Assert.NotEmpty(days);
            Assert.Equal(Figures(days), Figures(months));
            Assert.Equal(days.Count, days.DistinctBy(d => d.GetProperty("from").GetString()).Count());
        }

        var all = await ItemsAsync("/v1/ledger/figures?by=month", 500);
        Assert.Equal(
            Sums(bank.Lines).Select(s => (s.Currency, s.Account)),
            Figures(all).Select(f => (f.Currency, f.Account)).Distinct().Order());
        Assert.Equal(bank.Lines.Count, Figures(all).Sum(f => f.Count));
        var figure = all[^1].GetProperty("accounts").EnumerateArray().First();
        var entries = await EntriesAsync(figure.GetProperty("entries").GetString()!, 500);
        Assert.Equal(figure.GetProperty("count").GetInt32(), entries.Count);
        Assert.Equal(Value(figure.GetProperty("debit")), Sum(entries, figure.GetProperty("account").GetString()!, "debit"));
    }

    [Theory]
    [InlineData("/v1/ledger/trial-balance?date=2026-02-30", 400, "malformed_date")]
    [InlineData("/v1/ledger/trial-balance?date=", 400, "malformed_date")]
    [InlineData("/v1/ledger/trial-balance?knownAt=soon", 400, "malformed_time")]
    [InlineData("/v1/ledger/balance-sheet?knownAt=2999-01-01T00:00:00Z", 422, "known_in_future")]
    [InlineData("/v1/ledger/balance-sheet?date=17.11.2026", 400, "malformed_date")]
    [InlineData("/v1/ledger/accounts/gold/entries", 404, "ledger_account_not_found")]
    [InlineData("/v1/ledger/accounts/cash/entries?from=2026-11-17T00:00:00Z", 400, "malformed_date")]
    [InlineData("/v1/ledger/accounts/cash/entries?currency=euro", 400, "unknown_currency")]
    [InlineData("/v1/ledger/accounts/cash/entries?limit=0", 400, "malformed_limit")]
    [InlineData("/v1/ledger/accounts/cash/entries?cursor=AAAA", 400, "malformed_cursor")]
    [InlineData("/v1/ledger/accounts/cash/entries?knownAt=2999-01-01T00:00:00Z", 422, "known_in_future")]
    [InlineData("/v1/ledger/accounts/cash/entries?accountId=me", 400, "malformed_filter")]
    [InlineData("/v1/ledger/accounts/gold/explain", 404, "ledger_account_not_found")]
    [InlineData("/v1/ledger/accounts/cash/explain?date=2026-11-01&from=2026-11-02", 400, "malformed_period")]
    [InlineData("/v1/ledger/accounts/cash/mistakes?expected=1", 400, "unknown_currency")]
    [InlineData("/v1/ledger/accounts/cash/mistakes?currency=EUR", 400, "malformed_filter")]
    [InlineData("/v1/ledger/accounts/cash/mistakes?currency=EUR&expected=1.001", 400, "invalid_amount")]
    [InlineData("/v1/ledger/figures?by=year", 400, "malformed_filter")]
    [InlineData("/v1/ledger/figures?cursor=AAAA", 400, "malformed_cursor")]
    public async Task An_invalid_query_is_answered_with_its_code(string path, int status, string code)
    {
        var answer = await _auditor.GetAsync(path);

        Assert.Equal((status, code), (answer.StatusCode, answer.Code));
    }

    [Fact]
    public async Task The_first_and_the_last_possible_day_are_valid_queries()
    {
        Assert.Empty(
            (await _auditor.GetAsync("/v1/ledger/trial-balance?date=0001-01-01")).Ok().Json.GetProperty("currencies").EnumerateArray());
        var first = (await _auditor.GetAsync("/v1/ledger/trial-balance?date=1900-01-01")).Ok();
        var last = (await _auditor.GetAsync("/v1/ledger/trial-balance?date=9999-12-31")).Ok();

        Assert.Equal("0.07", first.Json.GetProperty("currencies")[0].GetProperty("debits").GetProperty("value").GetString());
        foreach (
            var line in last
                .Json.GetProperty("currencies")
                .EnumerateArray()
                .Concat(first.Json.GetProperty("currencies").EnumerateArray())
                .SelectMany(c => c.GetProperty("lines").EnumerateArray()))
        {
            (await _auditor.GetAsync(line.GetProperty("entries").GetString()!)).Ok();
        }
    }

    private Task<IReadOnlyList<JsonElement>> EntriesAsync(string path, int limit) => ItemsAsync(path, limit);

    private async Task<IReadOnlyList<JsonElement>> ItemsAsync(string path, int limit)
    {
        var items = new List<JsonElement>();
        var cursor = "";
        do
        {
            var page = (
                await _auditor.GetAsync($"{path}{(path.Contains('?', StringComparison.Ordinal) ? '&' : '?')}limit={limit}{cursor}")).Ok();
            Assert.InRange(page.Items().Count, 0, limit);
            items.AddRange(page.Items());
            cursor = page.NextCursor() is { } next ? "&cursor=" + next : "";
        }
        while (cursor.Length > 0);
        return items;
    }

    private static IEnumerable<(string Currency, string Account, decimal Debits, decimal Credits)> Sums(IEnumerable<Line> lines) =>
        lines
            .GroupBy(l => (l.Currency, l.Account))
            .Select(g =>
                (
                    g.Key.Currency,
                    g.Key.Account,
                    g.Where(l => l.IsDebit).Sum(l => (decimal)l.Minor),
                    g.Where(l => !l.IsDebit).Sum(l => (decimal)l.Minor)))
            .Order();

    private static List<(string Month, string Currency, string Account, decimal Debits, decimal Credits, long Count)> Figures(
        IEnumerable<JsonElement> periods) =>
        [
            .. periods
                .SelectMany(p =>
                    p.GetProperty("accounts").EnumerateArray().Select(f => (Month: p.GetProperty("from").GetString()![..7], Figure: f)))
                .GroupBy(f =>
                    (
                        f.Month,
                        Currency: f.Figure.GetProperty("debit").GetProperty("currency").GetString()!,
                        Account: f.Figure.GetProperty("account").GetString()!))
                .Select(g =>
                    (
                        g.Key.Month,
                        g.Key.Currency,
                        g.Key.Account,
                        g.Sum(f => Value(f.Figure.GetProperty("debit"))),
                        g.Sum(f => Value(f.Figure.GetProperty("credit"))),
                        g.Sum(f => f.Figure.GetProperty("count").GetInt64())))
                .Order(),
        ];

    private static (string Day, long Position) Key(JsonElement entry) =>
        (entry.GetProperty("effectiveOn").GetString()!, entry.GetProperty("position").GetInt64());

    private static decimal Sum(IEnumerable<JsonElement> entries, string account, string side) =>
        entries
            .Select(e => e.GetProperty("lines").EnumerateArray().Single(l => l.GetProperty("account").GetString() == account))
            .Sum(l => l.TryGetProperty(side, out var amount) ? Value(amount) : 0);

    private static decimal Value(JsonElement amount) =>
        decimal.Parse(amount.GetProperty("value").GetString()!, CultureInfo.InvariantCulture);

    private static decimal Minor(JsonElement amount, int scale)
    {
        var text = amount.GetProperty("value").GetString()!;
        Assert.Equal(
            scale,
            scale == 0 ? text.IndexOf('.', StringComparison.Ordinal) + 1 : text.Length - text.IndexOf('.', StringComparison.Ordinal) - 1);
        return decimal.Parse(text.Replace(".", "", StringComparison.Ordinal), CultureInfo.InvariantCulture);
    }

    private static string Date(DateTimeOffset instant) => instant.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    private static string Query(DateTimeOffset instant) => Uri.EscapeDataString(instant.ToString("O", CultureInfo.InvariantCulture));

    private static Random Seeded(RandomLedger bank, ITestOutputHelper output)
    {
        output.WriteLine($"BANKING_SEED={bank.Seed}");
        return new(bank.Seed);
    }
}
