using System.Globalization;
using System.Text.Json;
using Banking.SharedKernel;
using Banking.Testing;

namespace Banking.Operations.Tests;

/// <summary>A customer's accounts at a glance: what the document says of them, balances from the states, and the totals of a day.</summary>
public sealed class CustomerOverviewTests(ProbedBank bank) : IClassFixture<ProbedBank>
{
    private readonly BankClient _teller = bank.As("teller");

    [Fact]
    public async Task It_shows_each_account_as_it_is_after_openings_freezes_limits_and_closings()
    {
        var customer = await _teller.RegisterAsync();
        var euro = await _teller.OpenAsync(customer, balance: "100.00", overdraftLimit: "50.00");
        var yen = await _teller.OpenAsync(customer, "JPY");
        var closed = await _teller.OpenAsync(customer);
        var stranger = await _teller.OpenAsync(balance: "7.00");
        await _teller.WithdrawAsync(euro, "30.00");
        await AskAsync(euro, "freeze", new { scope = "debit", reasonCode = "fraud", reason = "asked" });
        await AskAsync(euro, "overdraft-limit", new { limit = "80.00", reasonCode = "asked", reason = "asked" });
        var last = await AskAsync(closed, "close", new { reasonCode = "asked", reason = "asked" });

        var overview = (await OverviewAsync(customer)).Ok();

        Assert.Null(overview.Header("Ledger-Stale"));
        Assert.True(Position(overview) >= Position(last));
        var (at, names) = (bank.Clock.Now, overview.Json.GetProperty("accounts").EnumerateArray().ToList());
        Assert.Equal((customer, at), (overview.Text("customerId"), overview.Json.GetProperty("registeredAt").GetDateTimeOffset()));
        Assert.Equal([euro, yen, closed], names.Select(a => a.GetProperty("id").GetString()));
        Assert.Equal(
            [("open", true, "EUR 80.00", "EUR 70.00", "EUR 150.00"), ("open", false, "JPY 0", "JPY 0", "JPY 0"),
                ("closed", false, "EUR 0.00", "EUR 0.00", "EUR 0.00")],
            names.Select(a => (a.GetProperty("status").GetString()!, a.GetProperty("frozen").GetProperty("debit").GetBoolean(),
                Money(a.GetProperty("overdraftLimit")), Money(a.GetProperty("balance")), Money(a.GetProperty("available")))));
        Assert.Equal(at, names[2].GetProperty("closedAt").GetDateTimeOffset());
        Assert.False(names[0].TryGetProperty("closedAt", out _));
        var shown = (await _teller.GetAsync($"/v1/accounts/{euro}")).Ok().Json;
        Assert.All(
            ["number", "product", "overdraftLimit", "frozen", "openedAt", "balance", "available", "version"],
            member => Assert.Equal(shown.GetProperty(member).GetRawText(), names[0].GetProperty(member).GetRawText()));
        Assert.Equal(
            [("EUR 70.00", "EUR 100.00", "EUR 30.00", 2), ("JPY 0", "JPY 0", "JPY 0", 0)],
            Currencies(overview));
        Assert.DoesNotContain(stranger, overview.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_is_shown_to_staff_and_to_the_customer_alone()
    {
        var customer = await _teller.RegisterAsync();
        var account = await _teller.OpenAsync(customer, balance: "1.00");

        foreach (var caller in (BankClient[])
            [_teller, bank.As("operator"), bank.As("auditor"), bank.As("customer", customer)])
        {
            Assert.Contains(account, (await OverviewAsync(customer, caller)).Ok().Body, StringComparison.Ordinal);
        }

        var other = bank.As("customer", await _teller.RegisterAsync());
        var unknown = "cus_" + new string('0', 31) + "1";
        foreach (var (caller, id) in new[] { (other, customer), (_teller, unknown), (_teller, account), (other, unknown) })
        {
            var (overview, resource) = (await OverviewAsync(id, caller), await caller.GetAsync($"/v1/customers/{id}"));
            Assert.Equal((404, "customer_not_found"), (overview.StatusCode, overview.Code));
            Assert.Equal((resource.Code, resource.Text("detail")), (overview.Code, overview.Text("detail")));
        }
    }

    [Fact]
    public async Task A_customer_without_accounts_has_an_empty_one()
    {
        var customer = await _teller.RegisterAsync();

        var overview = (await OverviewAsync(customer)).Ok();

        Assert.Equal(bank.Clock.Now, overview.Json.GetProperty("registeredAt").GetDateTimeOffset());
        Assert.Equal(("[]", "[]"), (overview.Text("accounts"), overview.Text("currencies")));
    }

    [Fact]
    public async Task An_erased_customer_keeps_it_because_it_has_nothing_personal()
    {
        var customer = await _teller.RegisterAsync("Zenobia Quill");
        var account = await _teller.OpenAsync(customer, balance: "3.00");
        var before = (await OverviewAsync(customer)).Ok().Body;
        var documents = await bank.QueryAsync<string>(
            "select data::text from accounts.mt_doc_customer_overview where id = $1", Id(customer));
        Assert.DoesNotContain("Zenobia", before + Assert.Single(documents), StringComparison.Ordinal);

        await bank.ForgeAsync($"delete from customers_keys.mt_doc_customer_key where id = '{Id(customer)}'");

        Assert.Equal("true", (await _teller.GetAsync($"/v1/customers/{customer}")).Ok().Text("erased"));
        Assert.Equal(before, (await OverviewAsync(customer)).Ok().Body);
        Assert.Contains(account, before, StringComparison.Ordinal);
    }

    /// <summary>In each zone, whether the book has the events or not.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_totals_of_today_are_those_of_the_events_in_the_day_of_any_zone(bool isBehind)
    {
        var history = new DayHistory(bank, isBehind ? 5 : 6);
        await history.OpenAsync();
        await history.BookAsync(700);
        await bank.CaughtUpAsync();
        await PauseAsync(isBehind ? "now()" : "null");
        await history.BookAsync(60);
        foreach (var zone in (string?[])[null, "Europe/Berlin", "America/New_York", "Asia/Kolkata"])
        {
            var query = zone is null ? "" : "?tz=" + zone;
            var overview = (await _teller.GetAsync($"/v1/customers/{history.Customer}/overview{query}")).Ok();

            var today = LocalDay.Of(bank.Clock.Now, zone ?? "UTC")!.Value;
            Assert.Equal(zone ?? "UTC", overview.Text("today", "timeZone"));
            Assert.Equal(today.Date.ToString("O", CultureInfo.InvariantCulture), overview.Text("today", "date"));
            Assert.Equal((today.From, today.To), (At(overview, "today", "from"), At(overview, "today", "to")));
            Assert.Equal(await history.TotalsAsync(today.From, today.To), Currencies(overview));
        }

        await PauseAsync("null");
    }

    [Fact]
    public async Task Its_sums_may_exceed_64_bits()
    {
        var customer = await _teller.RegisterAsync();
        string[] accounts = [await _teller.OpenAsync(customer), await _teller.OpenAsync(customer)];
        foreach (var account in accounts)
        {
            var items = Enumerable.Range(0, 50).Select(_ => Largest(account));
            (await _teller.PostAsync("/v1/deposits/batch", new { mode = "independent", items })).Ok();
        }

        var overview = (await OverviewAsync(customer)).Ok();

        Assert.Equal(
            [("EUR 100000000000000000.00", "EUR 100000000000000000.00", "EUR 0.00", 100)],
            Currencies(overview));
    }

    /// <summary>
    /// The first event of a stream names the document. Without it, the projection cannot take a later event of the stream.
    /// </summary>
    [Fact]
    public async Task Paused_before_an_event_it_says_so_and_balances_and_totals_are_those_of_now()
    {
        var customer = await _teller.RegisterAsync();
        var account = await _teller.OpenAsync(customer, balance: "5.00");
        await bank.DocumentsCurrentAsync();
        // The book has the opening, so only the projection looks for it.
        await bank.CaughtUpAsync();
        var opening = $"where stream_id = '{Id(account)}' and version";
        await bank.ForgeAsync($"update bank.mt_events set version = -1 {opening} = 1");
        var frozen = Position(await AskAsync(account, "freeze", new { scope = "credit", reasonCode = "fraud", reason = "asked" }));
        (await _teller.WithdrawAsync(account, "2.00")).Created();
        var later = await _teller.OpenAsync(customer);

        var paused = await Eventually.UntilAsync(
            async () => (await bank.As("operator").GetAsync("/ops/projections")).Ok().Items()
                .Single(p => p.GetProperty("name").GetString() == "customer-overview"),
            p => p.TryGetProperty("paused", out _));
        var overview = (await OverviewAsync(customer)).Ok();

        Assert.Equal(frozen, paused.GetProperty("paused").GetProperty("position").GetInt64());
        Assert.Contains("first event of its stream is missing", paused.GetRawText(), StringComparison.Ordinal);
        Assert.Equal("true", overview.Header("Ledger-Stale"));
        Assert.DoesNotContain(later, overview.Body, StringComparison.Ordinal);
        Assert.Equal([("EUR 3.00", "EUR 5.00", "EUR 2.00", 2)], Currencies(overview));

        await bank.ForgeAsync($"update bank.mt_events set version = 1 {opening} = -1");
        (await bank.As("operator").PostAsync(
            "/ops/projections/customer-overview/resume", new { reasonCode = "drill", reason = "A test." })).Ok();
        await bank.DocumentsCurrentAsync();
        var now = (await OverviewAsync(customer)).Ok();
        Assert.Contains(later, now.Body, StringComparison.Ordinal);
        Assert.Contains("\"credit\":true", now.Body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("tz=Berlin")]
    [InlineData("tz=")]
    [InlineData("tz=europe/berlin")]
    public async Task An_unknown_time_zone_is_refused(string query)
    {
        var answer = await _teller.GetAsync($"/v1/customers/{await _teller.RegisterAsync()}/overview?{query}");

        Assert.Equal((400, "malformed_time"), (answer.StatusCode, answer.Code));
    }

    private async Task<Answer> AskAsync(string account, string what, object body) =>
        (await _teller.PostAsync($"/v1/accounts/{account}/{what}", body)).Ok();

    private Task PauseAsync(string at) => bank.ExecuteAsync(
        $"update platform.read_model set paused_at = {at}, pause_reason = 'test' where name = 'entries' and state = 'serving'");

    private static object Largest(string account) => new
    {
        idempotencyKey = BankClient.NewKey(),
        command = new { accountId = account, amount = new { value = "1000000000000000.00", currency = "EUR" }, reason = "test" },
    };

    private static IEnumerable<(string Balance, string In, string Out, int Movements)> Currencies(Answer overview) =>
        overview.Json.GetProperty("currencies").EnumerateArray().Select(c => (
            Money(c.GetProperty("balance")), Money(c.GetProperty("moneyIn")), Money(c.GetProperty("moneyOut")),
            c.GetProperty("movements").GetInt32()));

    private static DateTimeOffset At(Answer answer, params string[] path) =>
        DateTimeOffset.Parse(answer.Text(path), CultureInfo.InvariantCulture);

    private Task<Answer> OverviewAsync(string customer, BankClient? caller = null) =>
        (caller ?? _teller).GetAsync($"/v1/customers/{customer}/overview");

    private static string Money(JsonElement amount) =>
        $"{amount.GetProperty("currency").GetString()} {amount.GetProperty("value").GetString()}";

    private static long Position(Answer answer) => long.Parse(answer.Header("Ledger-Position")!, CultureInfo.InvariantCulture);

    private static Guid Id(string id) => PublicId.TryParse(id[..3], id, out var guid) ? guid : throw new FormatException(id);
}
