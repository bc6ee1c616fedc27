using System.Globalization;
using System.Text.Json;
using Banking.Accounts.Contracts;
using Banking.Commands.Operators;
using Banking.Testing;

namespace Banking.Operations.Tests;

/// <summary>The daily figures of the bank are those of the log, by the day on which each event was recorded.</summary>
public sealed class BankFiguresTests(ProbedBank bank) : IClassFixture<ProbedBank>
{
    private readonly BankClient _auditor = bank.As("auditor");
    private readonly BankClient _teller = bank.As("teller");

    [Fact]
    public async Task They_equal_a_fold_of_the_log()
    {
        await HistoryAsync(17, 40);

        var expected = await FoldAsync();
        var shown = await AllAsync("limit=3");

        // Several days and currencies, backdated movements and each kind of event, or the comparison would prove little.
        Assert.True(expected.Select(f => f.Day).Distinct().Count() >= 4);
        Assert.Equal(["EUR", "JPY"], expected.Select(f => f.Currency).Distinct().Order());
        Assert.Superset(
            new HashSet<string> { "deposits", "withdrawals", "transfers", "accountsOpened", "accountsClosed", "freezes" },
            expected.Select(f => f.Kind).ToHashSet());
        Assert.Equal(expected, Ordered(shown));
        var day = expected[expected.Count / 2].Day;
        Assert.Equal(
            expected.Where(f => f.Day == day && f.Currency == "JPY"),
            Ordered(await AllAsync($"from={day}&to={Next(day)}&currency=JPY")));
        foreach (var zone in (string[])["Asia/Kathmandu", "America/New_York", "Pacific/Kiritimati"])
        {
            var ofZone = await FoldAsync(zone);
            Assert.NotEqual(expected, ofZone);
            Assert.Equal(ofZone, Ordered(await AllAsync($"limit=2&tz={zone}")));
            day = ofZone[ofZone.Count / 2].Day;
            Assert.Equal(ofZone.Where(f => f.Day == day), Ordered(await AllAsync($"from={day}&to={Next(day)}&tz={zone}")));
        }

        foreach (var currency in shown.SelectMany(d => d.GetProperty("currencies").EnumerateArray()))
        {
            Assert.Equal(Sum(currency, "deposits", "creditCorrections"), Value(currency.GetProperty("moneyIn")));
            Assert.Equal(Sum(currency, "withdrawals", "debitCorrections"), Value(currency.GetProperty("moneyOut")));
        }
    }

    [Fact]
    public async Task They_are_compared_with_the_entries_and_a_rebuild_makes_the_same()
    {
        const string Rows = "select f::text from accounts.bank_day f order by 1";
        await HistoryAsync(18, 10);
        var before = await bank.QueryAsync<string>(Rows);

        await bank.Rebuild.RequestAsync(
            [.. bank.Verification.Models.Where(m => m.Name == "entries")],
            OperatorAction.OfTheBank("test"), CancellationToken.None);
        await bank.Rebuild.RunAsync(bank.Verification.Models.Where(m => m.Name == "entries"), CancellationToken.None);
        await Eventually.UntilAsync(
            () => bank.QueryAsync<long>("select count(*) from platform.read_model where state = 'building'"), building => building[0] == 0);

        Assert.Equal(before, await bank.QueryAsync<string>(Rows));
        Assert.Empty(await bank.Verification.SumsAsync(CancellationToken.None));
        var table = await bank.ActiveAsync("accounts", "bank_day", "entries");
        await bank.ExecuteAsync($"update {table} set amount = amount + 1 where kind = 10");
        var found = await bank.Verification.SumsAsync(CancellationToken.None);
        Assert.NotEmpty(found);
        Assert.All(found, d => Assert.Equal(("entries", "bank_day"), (d.Model, d.Table)));
        await bank.ExecuteAsync($"update {table} set amount = amount - 1 where kind = 10");
        Assert.Empty(await bank.Verification.SumsAsync(CancellationToken.None));
    }

    [Fact]
    public async Task Their_sums_may_exceed_64_bits()
    {
        bank.Clock.Advance(TimeSpan.FromDays(2));
        var account = await _teller.OpenAsync();
        foreach (var what in (string[])["deposits", "withdrawals", "deposits"])
        {
            var items = Enumerable.Range(0, 60).Select(_ => new
            {
                idempotencyKey = BankClient.NewKey(),
                command = new { accountId = account, amount = new { value = "1000000000000000.00", currency = "EUR" }, reason = "test" },
            });
            (await _teller.PostAsync($"/v1/{what}/batch", new { mode = "independent", items })).Ok();
        }

        await bank.CaughtUpAsync();
        var today = $"{bank.Clock.Now:yyyy-MM-dd}";
        var figures = Assert.Single(await AllAsync($"from={today}&to={Next(today)}")).GetProperty("currencies")[0];

        Assert.Equal(("120000000000000000.00", "60000000000000000.00"), (Text("moneyIn"), Text("moneyOut")));

        string Text(string member) => figures.GetProperty(member).GetProperty("value").GetString()!;
    }

    [Fact]
    public async Task They_wait_for_a_position_and_say_theirs()
    {
        var written = (await _teller.DepositAsync(await _teller.OpenAsync(), "1.00")).Created();

        var figures = (await _auditor.GetCurrentAsync("/v1/figures?limit=1", written.Header("Ledger-Position")!)).Ok();

        Assert.True(Position(figures) >= Position(written));
    }

    [Theory]
    [InlineData("from=2026-02-01&to=2026-01-01", "malformed_period")]
    [InlineData("from=2026-02-30", "malformed_date")]
    [InlineData("currency=eur", "unknown_currency")]
    [InlineData("cursor=AAAA", "malformed_cursor")]
    [InlineData("tz=Berlin", "malformed_time")]
    public async Task A_query_that_cannot_be_honoured_is_refused(string query, string code)
    {
        var answer = await _auditor.GetAsync("/v1/figures?" + query);

        Assert.Equal((400, code), (answer.StatusCode, answer.Code));
    }

    private async Task HistoryAsync(int seed, int steps)
    {
        var history = new RandomHistory(bank, seed);
        await history.RunAsync(steps);
        var closed = await _teller.OpenAsync(currency: "JPY");
        bank.Clock.Advance(TimeSpan.FromDays(1));
        var why = new { reasonCode = "asked", reason = "asked" };
        (await _teller.PostAsync($"/v1/accounts/{closed}/close", why)).Ok();
        var other = await _teller.OpenAsync();
        var frozen = new { scope = "all", why.reasonCode, why.reason };
        (await _teller.PostAsync($"/v1/accounts/{other}/freeze", frozen)).Ok();
        (await _teller.PostAsync($"/v1/accounts/{other}/unfreeze", frozen)).Ok();
        await bank.CaughtUpAsync();
    }

    /// <summary>Folds the log, without any code of the model.</summary>
    private async Task<List<DayFigure>> FoldAsync(string zone = "UTC")
    {
        await using var session = bank.Store.QuerySession();
        var all = await Marten.QueryableExtensions.ToListAsync(session.Events.QueryAllRawEvents());
        var currencies = (await bank.QueryAsync<string[]>(
            "select array[stream_id::text, data -> 'overdraftLimit' ->> 'currency'] from bank.mt_events "
                + "where type = 'accounts.account-opened.v1'")).ToDictionary(o => Guid.Parse(o[0]), o => o[1]);
        return
        [
            .. from e in all
               where Kinds.ContainsKey(e.EventTypeName)
               let amount = e.Data is IMovement m ? decimal.Parse(m.Amount.ToDecimalString(), CultureInfo.InvariantCulture) : 0
               let recorded = TimeZoneInfo.ConvertTimeBySystemTimeZoneId(e.Timestamp, zone)
               group amount by ($"{recorded:yyyy-MM-dd}", currencies[e.StreamId], Kinds[e.EventTypeName]) into figure
               orderby figure.Key
               select new DayFigure(figure.Key.Item1, figure.Key.Item2, figure.Key.Item3, figure.Count(), figure.Sum()),
        ];
    }

    private readonly record struct DayFigure(string Day, string Currency, string Kind, long Count, decimal Amount);

    private static readonly Dictionary<string, string> Kinds = new()
    {
        ["accounts.account-opened.v1"] = "accountsOpened",
        ["accounts.account-closed.v1"] = "accountsClosed",
        ["accounts.account-frozen.v1"] = "freezes",
        ["accounts.account-unfrozen.v1"] = "unfreezes",
        ["accounts.money-deposited.v3"] = "deposits",
        ["accounts.money-withdrawn.v3"] = "withdrawals",
        ["accounts.transfer-sent.v3"] = "transfers",
    };

    private static IEnumerable<DayFigure> Flat(JsonElement day) =>
        from currency in day.GetProperty("currencies").EnumerateArray()
        from member in currency.EnumerateObject()
        where Kinds.ContainsValue(member.Name)
        let isNumber = member.Value.ValueKind == JsonValueKind.Number
        let count = isNumber ? member.Value.GetInt64() : member.Value.GetProperty("count").GetInt64()
        where count > 0
        select new DayFigure(
            day.GetProperty("recordedOn").GetString()!, currency.GetProperty("currency").GetString()!, member.Name, count,
            isNumber ? 0 : Value(member.Value.GetProperty("amount")));

    private async Task<List<JsonElement>> AllAsync(string query)
    {
        var (items, cursor) = (new List<JsonElement>(), (string?)null);
        do
        {
            var page = (await _auditor.GetAsync($"/v1/figures?{query}{(cursor is null ? "" : "&cursor=" + cursor)}")).Ok();
            items.AddRange(page.Items());
            cursor = page.NextCursor();
        }
        while (cursor is not null);
        return items;
    }

    private static IEnumerable<DayFigure> Ordered(List<JsonElement> days) =>
        days.SelectMany(Flat).OrderBy(f => (f.Day, f.Currency, f.Kind));

    private static long Position(Answer answer) => long.Parse(answer.Header("Ledger-Position")!, CultureInfo.InvariantCulture);

    private static decimal Sum(JsonElement currency, params string[] kinds) =>
        kinds.Sum(k => Value(currency.GetProperty(k).GetProperty("amount")));

    private static decimal Value(JsonElement amount) =>
        decimal.Parse(amount.GetProperty("value").GetString()!, CultureInfo.InvariantCulture);

    private static string Next(string day) =>
        DateOnly.ParseExact(day, "yyyy-MM-dd", CultureInfo.InvariantCulture).AddDays(1).ToString("O", CultureInfo.InvariantCulture);
}
