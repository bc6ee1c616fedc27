using System.Globalization;
using System.Text;
using Banking.Accounts.Statements.Domain;
using Banking.Testing;

namespace Banking.Accounts.Tests.Statements;

/// <summary>Statements on request. The bank's clock stands at 17 November 2026; days back to 18 October can be booked.</summary>
public sealed class StatementTests(BankFixture bank) : IClassFixture<BankFixture>
{
    private static readonly DateTimeOffset Opened = new(2026, 10, 20, 8, 0, 0, TimeSpan.Zero);

    private BankClient Teller => bank.As("teller");

    [Theory]
    [InlineData("JPY", "13", "3", 2)]
    [InlineData("EUR", "13.13", "3.07", 600)]
    [InlineData("KWD", "13.137", "3.071", 2)]
    [InlineData("UYW", "13.1379", "3.0711", 2)]
    public async Task Opening_and_entries_are_the_closing_across_periods_and_chunks_of_rows(
        string currency, string deposit, string withdrawal, int many)
    {
        var account = await Teller.OpenAsync(currency: currency, effectiveAt: Opened);
        (await Teller.DepositOnAsync(account, "2026-10-31", deposit, currency)).Created();
        await DepositManyAsync(account, many, currency, "2026-11-02");
        (await Teller.WithdrawOnAsync(account, "2026-11-03", withdrawal, currency)).Created();

        string[] days = ["2026-10-21", "2026-10-31", "2026-11-01", "2026-11-02", "2026-11-03", "2026-11-04"];
        var statements = new List<Answer>();
        foreach (var (from, to) in days.Zip(days.Skip(1)))
        {
            statements.Add((await Teller.StatementAsync(await Teller.IssuedAsync(account, from, to))).Ok());
        }

        Assert.Equal([0, 1, 0, many, 1], statements.Select(s => s.Json.GetProperty("entries").GetArrayLength()));
        Assert.All(statements.Zip(statements.Skip(1)), pair => Assert.Equal(Value(pair.First, "closing"), Value(pair.Second, "opening")));
        Assert.All(statements, s => Assert.Equal(Value(s, "closing"), Value(s, "opening") + Entries(s).Sum()));
        var (first, last) = (Number(deposit), Number(withdrawal));
        Assert.Equal([0, first, first, first + many, first + many - last], statements.Select(s => Value(s, "closing")));
        var balance = (await Teller.GetAsync($"/v1/accounts/{account}/balance?effectiveAt=2026-11-02T23:59:59.999999Z")).Ok();
        Assert.Equal(balance.Text("balance", "value"), statements[3].Text("closing", "value"));
    }

    [Theory]
    [InlineData("application/json")]
    [InlineData("text/csv")]
    public async Task A_statement_has_the_same_bytes_whatever_is_booked_later(string form)
    {
        var account = await Teller.OpenAsync(effectiveAt: Opened);
        (await Teller.DepositOnAsync(account, "2026-10-25", "80.00")).Created();
        var statement = await Teller.IssuedAsync(account, "2026-10-20", "2026-11-01");
        var before = (await Teller.StatementAsync(statement, form)).Ok();

        (await Teller.DepositAsync(account, "7.00")).Created();
        (await Teller.DepositOnAsync(account, "2026-10-26", "50.00")).Created();
        (await Teller.DepositOnAsync(account, "2026-10-20", "1.00")).Created();

        var after = (await Teller.StatementAsync(statement, form)).Ok();
        Assert.Equal(before.Body, after.Body);
        Assert.Equal(before.Header("Content-Type"), after.Header("Content-Type"));
        Assert.Equal((await bank.As("auditor").StatementAsync(statement, form)).Body, after.Body);
    }

    [Theory]
    [InlineData("{opening,minor}")]
    [InlineData("{closing,minor}")]
    [InlineData("{entries}")]
    public async Task A_statement_that_says_another_balance_than_its_entries_give_is_an_error(string member)
    {
        var account = await Teller.OpenAsync(effectiveAt: Opened);
        (await Teller.DepositOnAsync(account, "2026-10-25", "70.00")).Created();
        var statement = await Teller.IssuedAsync(account, "2026-10-25", "2026-10-26");

        Assert.Equal(1, await bank.ExecuteAsync(
            "update bank.mt_events set data = jsonb_set(data, $2::text[], '7') where stream_id = $1",
            AccountStatements.IdOf(Stored.Id(account)), member));

        var answer = await Teller.StatementAsync(statement);
        Assert.Equal((503, "statement_differs"), (answer.StatusCode, answer.Code));
    }

    [Theory]
    [InlineData("update accounts.entry set effective_at = effective_at + interval '1 day' where account = $1 and version = 2")]
    [InlineData("update bank.mt_events set data = jsonb_set(data, '{amount,minor}', '7001') where stream_id = $1 and version = 2")]
    [InlineData("delete from bank.mt_events where stream_id = $1 and version = 2")]
    public async Task A_statement_whose_entries_are_not_those_it_was_issued_with_is_an_error(string forgery)
    {
        var account = await Teller.OpenAsync(effectiveAt: Opened);
        var booked = (await Teller.DepositOnAsync(account, "2026-10-25", "70.00")).Created();
        var statement = await Teller.IssuedAsync(account, "2026-10-25", "2026-10-26");
        (await Teller.GetCurrentAsync("/v1/entries", booked.Header("Ledger-Position")!)).Ok();

        Assert.Equal(1, await bank.ExecuteAsync(forgery, Stored.Id(account)));

        var answer = await Teller.StatementAsync(statement);
        Assert.Equal((503, "statement_differs"), (answer.StatusCode, answer.Code));
    }

    [Fact]
    public async Task The_hash_covers_the_content_and_the_list_has_the_newest_statement_first()
    {
        var account = await Teller.OpenAsync(effectiveAt: Opened);
        (await Teller.DepositOnAsync(account, "2026-10-25", "70.00")).Created();
        var first = await Teller.IssuedAsync(account, "2026-10-20", "2026-10-25");
        var second = await Teller.IssuedAsync(account, "2026-10-25", "2026-11-01");

        var listed = (await Teller.GetAsync($"/v1/accounts/{account}/statements?limit=1")).Ok();
        var rest = (await Teller.GetAsync($"/v1/accounts/{account}/statements?limit=1&cursor={listed.NextCursor()}")).Ok();

        Assert.Equal((second, "2"), Head(listed));
        Assert.Equal((first, "1"), Head(rest));
        Assert.Null(rest.NextCursor());
        var content = (await Teller.StatementAsync(second)).Ok();
        Assert.Equal(listed.Items()[0].GetProperty("contentHash").GetString(), content.Text("contentHash"));
        Assert.NotEqual(rest.Items()[0].GetProperty("contentHash").GetString(), content.Text("contentHash"));
        Assert.Equal(64, content.Text("contentHash").Length);
    }

    [Fact]
    public async Task A_statement_is_issued_once_per_key_and_is_found_at_its_location()
    {
        var account = await Teller.OpenAsync(effectiveAt: Opened);
        var key = BankClient.NewKey();

        var issued = (await Teller.IssueAsync(account, "2026-10-20", "2026-11-01", key)).Created();
        var repeated = await Teller.IssueAsync(account, "2026-10-20", "2026-11-01", key);
        var other = await Teller.IssueAsync(account, "2026-10-20", "2026-11-02", key);
        var unchanged = await Teller.IssueAsync(account, "2026-10-20", "2026-11-01");
        var withoutKey = await Teller.SendAsync(
            HttpMethod.Post, $"/v1/accounts/{account}/statements",
            new StringContent("""{"from":"2026-10-20","to":"2026-11-01"}""", Encoding.UTF8, "application/json"));

        Assert.Equal((issued.Body, "true"), (repeated.Body, repeated.Header("Idempotency-Replayed")));
        Assert.Equal((422, 409, "statement_unchanged"), (other.StatusCode, unchanged.StatusCode, unchanged.Code));
        Assert.Equal(issued.Text("id"), unchanged.Text("statement"));
        Assert.Equal((400, "idempotency_key_missing"), (withoutKey.StatusCode, withoutKey.Code));
        Assert.Equal(issued.Text("id"), (await Teller.GetAsync(issued.Header("Location")!)).Ok().Text("id"));
        Assert.Single((await Teller.GetAsync($"/v1/accounts/{account}/statements")).Ok().Items());
    }

    [Theory]
    [InlineData("2026-11-01", "2026-11-18", 422, "period_not_ended")]
    [InlineData("2026-10-01", "2026-10-20", 422, "period_before_opening")]
    [InlineData("2026-09-30", "2026-11-01", 422, "period_before_opening")]
    [InlineData("2026-11-02", "2026-11-02", 422, "malformed_period")]
    [InlineData("2026-11-31", "2026-11-02", 422, "malformed_date")]
    [InlineData("2026-11-01", "today", 422, "malformed_date")]
    public async Task A_period_that_no_statement_can_have_is_refused(string from, string to, int status, string code)
    {
        var account = await Teller.OpenAsync(effectiveAt: Opened);

        var refused = await Teller.IssueAsync(account, from, to);

        Assert.Equal((status, code), (refused.StatusCode, refused.Code));
    }

    [Fact]
    public async Task A_period_that_has_not_ended_leaves_the_key_free()
    {
        var account = await Teller.OpenAsync(effectiveAt: Opened);
        var key = BankClient.NewKey();

        var early = await Teller.IssueAsync(account, "2026-11-01", "2026-11-18", key);

        Assert.Equal("period_not_ended", early.Code);
        (await Teller.IssueAsync(account, "2026-11-01", "2026-11-17", key)).Created();
    }

    [Fact]
    public async Task A_customer_issues_and_reads_the_statements_of_their_own_accounts_only()
    {
        var (ada, eve) = (await Teller.RegisterAsync(), await Teller.RegisterAsync("Eve"));
        var account = await Teller.OpenAsync(ada, effectiveAt: Opened);
        var (own, other) = (bank.As("customer", ada), bank.As("customer", eve));
        var statement = await own.IssuedAsync(account, "2026-10-20", "2026-11-01");

        Assert.Equal(200, (await own.StatementAsync(statement)).StatusCode);
        Assert.Equal("statement_not_found", (await other.StatementAsync(statement)).Code);
        Assert.Equal("account_not_found", (await other.IssueAsync(account, "2026-10-20", "2026-11-01")).Code);
        Assert.Equal("account_not_found", (await other.GetAsync($"/v1/accounts/{account}/statements")).Code);
    }

    [Fact]
    public async Task The_suffix_or_accept_chooses_the_form_and_both_must_agree()
    {
        var account = await Teller.OpenAsync(effectiveAt: Opened);
        var statement = await Teller.IssuedAsync(account, "2026-10-20", "2026-11-01");

        Assert.Equal("application/json", (await Teller.StatementAsync(statement)).Ok().Header("Content-Type"));
        Assert.Equal("text/csv; charset=utf-8", (await Teller.StatementAsync(statement, "text/csv")).Ok().Header("Content-Type"));
        Assert.Equal("text/csv; charset=utf-8", (await Teller.StatementAsync(statement + ".csv")).Ok().Header("Content-Type"));
        Assert.Equal("not_acceptable", (await Teller.StatementAsync(statement + ".csv", "application/json")).Code);
        Assert.Equal("not_acceptable", (await Teller.StatementAsync(statement, "image/png")).Code);
        Assert.Equal("statement_not_found", (await Teller.StatementAsync(statement + ".pdf")).Code);
    }

    [Fact]
    public async Task A_form_that_cannot_express_an_amount_is_refused()
    {
        var account = await Teller.OpenAsync(effectiveAt: Opened);
        (await Teller.DepositOnAsync(account, "2026-10-25", "1000000000000.00")).Created();
        var statement = await Teller.IssuedAsync(account, "2026-10-20", "2026-11-01");

        var refused = await Teller.StatementAsync(statement + ".mt940");

        Assert.Equal((406, "form_too_small", "mt940"), (refused.StatusCode, refused.Code, refused.Text("form")));
        Assert.Equal(200, (await Teller.StatementAsync(statement + ".camt")).StatusCode);
    }

    [Fact]
    public async Task A_page_for_print_allows_its_own_style_only_and_other_forms_nothing()
    {
        var account = await Teller.OpenAsync(effectiveAt: Opened);
        var statement = await Teller.IssuedAsync(account, "2026-10-20", "2026-11-01");

        var page = (await Teller.StatementAsync(statement, "text/html,*/*;q=0.8")).Ok();

        Assert.Contains("style-src 'sha256-", page.Header("Content-Security-Policy"), StringComparison.Ordinal);
        var json = (await Teller.StatementAsync(statement)).Ok();
        Assert.DoesNotContain("style-src", json.Header("Content-Security-Policy"), StringComparison.Ordinal);
        Assert.Equal("application/xml", (await Teller.StatementAsync(statement + ".camt")).Ok().Header("Content-Type"));
        Assert.Equal("application/x-mt940", (await Teller.StatementAsync(statement + ".mt940")).Ok().Header("Content-Type"));
    }

    [Fact]
    public async Task Of_many_requests_for_a_period_at_once_one_issues_it()
    {
        var account = await Teller.OpenAsync(effectiveAt: Opened);

        var answers = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => Teller.IssueAsync(account, "2026-10-20", "2026-11-01")));

        Assert.Equal(1, answers.Count(a => a.StatusCode == 201));
        Assert.Equal(15, answers.Count(a => a.StatusCode == 409 && a.Code == "statement_unchanged"));
        Assert.Single((await Teller.GetAsync($"/v1/accounts/{account}/statements")).Ok().Items());
    }

    [Fact]
    public async Task A_restatement_lists_exactly_the_entries_that_changed_it_and_the_old_statement_stays()
    {
        var account = await Teller.OpenAsync(effectiveAt: Opened);
        var first = (await Teller.DepositOnAsync(account, "2026-10-25", "80.00")).Created();
        var old = await Teller.IssuedAsync(account, "2026-10-22", "2026-11-01");
        var before = await AllFormsAsync(old);
        (await Teller.DepositOnAsync(account, "2026-11-05", "9.00")).Created();
        await DepositManyAsync(account, 10, "EUR", "2026-10-21");
        await DepositManyAsync(account, 40, "EUR", "2026-10-26");

        var next = await Teller.IssuedAsync(account, "2026-10-22", "2026-11-01");
        var restated = (await Teller.StatementAsync(next)).Ok();

        Assert.Equal(before, await AllFormsAsync(old));
        Assert.Equal(
            (old, "10.00", "130.00"),
            (restated.Text("supersedes"), restated.Text("opening", "value"), restated.Text("closing", "value")));
        Assert.Equal(41, restated.Json.GetProperty("entries").GetArrayLength());
        var added = restated.Json.GetProperty("added").EnumerateArray().ToList();
        Assert.Equal(50, added.Select(e => e.GetProperty("id").GetString()).Distinct().Count());
        Assert.Equal(Enumerable.Range(4, 50), added.Select(e => e.GetProperty("version").GetInt32()).Order());

        (await Teller.PostAsync(
            $"/v1/transactions/{first.Text("id")}/corrections",
            new { kind = "reversal", reasonCode = "wrong", reason = "A test asks for it." })).Created();
        var corrected = (await Teller.StatementAsync(await Teller.IssuedAsync(account, "2026-10-22", "2026-11-01"))).Ok();
        Assert.Equal((next, "50.00"), (corrected.Text("supersedes"), corrected.Text("closing", "value")));
        Assert.Equal("reversed", Assert.Single(corrected.Json.GetProperty("added").EnumerateArray()).GetProperty("type").GetString());
    }

    [Fact]
    public async Task A_reference_that_a_spreadsheet_would_run_is_harmless_in_the_csv()
    {
        var account = await Teller.OpenAsync(effectiveAt: Opened);
        foreach (var reference in (string[])["=1+1", "+49", "-1", "@SUM(A1)", " =2", "x;=HYPERLINK(A1);y", "plain, \"quoted\""])
        {
            (await Teller.DepositOnAsync(account, "2026-10-25", "1.00", reference: reference)).Created();
        }

        var csv = (await Teller.StatementAsync(await Teller.IssuedAsync(account, "2026-10-25", "2026-10-26") + ".csv")).Ok().Body;

        var lines = csv.Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(
            ["'=1+1", "'+49", "'-1", "'@SUM(A1)", "' =2", "\"x;'=HYPERLINK(A1);y\"", "\"plain, \"\"quoted\"\"\""],
            lines[2..^1].Select(l => l.Split(",EUR,")[1]).Select(l => l[..^",,,,,".Length]));
        Assert.StartsWith("opening,2026-10-25,,,,,,,0.00,EUR", lines[1], StringComparison.Ordinal);
        Assert.StartsWith("closing,2026-10-25,,,,,,,7.00,EUR", lines[^1], StringComparison.Ordinal);
    }

    private async Task<IReadOnlyList<string>> AllFormsAsync(string statement)
    {
        var forms = new List<string>();
        foreach (var suffix in (string[])[".json", ".csv", ".html", ".camt", ".mt940"])
        {
            forms.Add((await Teller.StatementAsync(statement + suffix)).Ok().Body);
        }

        return forms;
    }

    private async Task DepositManyAsync(string account, int count, string currency, string day)
    {
        var items = Enumerable.Range(0, count).Select(_ => new
        {
            idempotencyKey = BankClient.NewKey(),
            command = new
            {
                accountId = account,
                amount = new { value = "1", currency },
                reason = "test",
                effectiveAt = $"{day}T10:00:00Z",
            },
        });
        (await Teller.PostAsync("/v1/deposits/batch", new { mode = "atomic", items })).Ok();
    }

    private static (string? Id, string Number) Head(Answer list) =>
        (list.Items()[0].GetProperty("id").GetString(), list.Items()[0].GetProperty("number").ToString());

    private static decimal Value(Answer statement, string balance) => Number(statement.Text(balance, "value"));

    private static decimal Number(string value) => decimal.Parse(value, CultureInfo.InvariantCulture);

    private static IEnumerable<decimal> Entries(Answer statement) => statement.Json.GetProperty("entries").EnumerateArray().Select(e =>
        (e.GetProperty("direction").GetString() == "credit" ? 1 : -1)
            * Number(e.GetProperty("amount").GetProperty("value").GetString()!));
}
