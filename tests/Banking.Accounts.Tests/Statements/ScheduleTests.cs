using System.Text.Json;
using Banking.Accounts.Contracts;
using Banking.Accounts.Statements.Domain;
using Banking.ReadModels.Books;
using Banking.ReadModels.Comparing;
using Banking.ReadModels.Verifying;
using Banking.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Banking.Accounts.Tests.Statements;

/// <summary>Statements by schedule. Two hosts share the due table, and the clock is moved forward.</summary>
public sealed class ScheduleTests(ShortStatements bank) : IClassFixture<ShortStatements>
{
    private BankClient Teller => bank.As("teller");

    [Fact]
    public async Task Each_month_gets_one_statement_with_two_hosts_after_a_pause_and_after_a_kill()
    {
        await using var other = await bank.StartAnotherAsync();
        var account = await Teller.OpenAsync(balance: "10.00");
        var today = DateOnly.FromDateTime(bank.Clock.Now.UtcDateTime);
        var month = new DateOnly(today.Year, today.Month, 1);
        await SetAsync(account, "monthly");
        var waiting = await RowAsync(account);

        AdvanceTo(month.AddMonths(1));
        await IssuedAsync(account, 1);
        (await Teller.DepositAsync(account, "5.00")).Created();
        AdvanceTo(month.AddMonths(4));
        await IssuedAsync(account, 4);
        // What a host leaves that is killed between the commit and the removal of its row.
        await bank.ExecuteAsync(
            "insert into platform.due (id, operation, due_at, command, correlation_id, cause) "
                + "select id, operation, due_at, command, correlation_id, cause from jsonb_populate_record(null::platform.due, $1::jsonb)",
            waiting);
        await Eventually.UntilAsync(() => CountAsync("platform.due where id = (($1::jsonb) ->> 'id')::uuid", waiting), rows => rows == 0);

        var statements = (await Teller.GetAsync($"/v1/accounts/{account}/statements")).Ok().Items();
        Assert.Equal(
            Enumerable.Range(0, 4).Reverse().Select(i => $"{month.AddMonths(i):O} {month.AddMonths(i + 1):O}"),
            statements.Select(Period));
        Assert.Equal(["15.00", "15.00", "15.00", "10.00"], statements.Select(s => Value(s, "closing")));
        Assert.Equal(["4", "3", "2", "1"], statements.Select(s => s.GetProperty("number").ToString()));
        var stream = AccountStatements.IdOf(Stored.Id(account));
        Assert.Empty((await bank.Host.Services.GetRequiredService<StreamVerification>().CompareAsync(
            StreamSelection.Of(stream), [stream], CancellationToken.None)).Differences);
    }

    [Fact]
    public async Task A_week_is_stated_from_monday_and_another_schedule_ends_the_series()
    {
        var account = await Teller.OpenAsync();
        var today = DateOnly.FromDateTime(bank.Clock.Now.UtcDateTime);
        var monday = Enumerable.Range(0, 7).Select(i => today.AddDays(-i)).Single(d => d.DayOfWeek == DayOfWeek.Monday);
        await SetAsync(account, "weekly");
        var again = await Teller.PostAsync($"/v1/accounts/{account}/statement-schedule", new { frequency = "weekly" });
        Assert.Equal((409, "schedule_unchanged"), (again.StatusCode, again.Code));

        AdvanceTo(monday.AddDays(7));
        var statement = Assert.Single(await IssuedAsync(account, 1));
        await SetAsync(account, "none");
        AdvanceTo(monday.AddDays(14));
        await Eventually.UntilAsync(
            () => CountAsync("platform.due where command::jsonb ->> 'account' = $1", Stored.Id(account).ToString()), rows => rows == 0);

        Assert.Equal($"{monday:O} {monday.AddDays(7):O}", Period(statement));
        await IssuedAsync(account, 1);
        Assert.Equal("none", (await Teller.GetAsync($"/v1/accounts/{account}/statement-schedule")).Ok().Text("frequency"));
    }

    [Fact]
    public async Task Each_movement_gets_one_statement_also_when_it_is_delivered_again()
    {
        var account = await Teller.OpenAsync(balance: "10.00");
        bank.Clock.Advance(TimeSpan.FromMinutes(1));
        await SetAsync(account, "each-transaction");

        (await Teller.DepositAsync(account, "5.00")).Created();
        (await Teller.WithdrawAsync(account, "2.50")).Created();
        await IssuedAsync(account, 2);
        (await bank.As("operator").PostAsync(
            "/ops/outbox/modules/position", new { position = 0, reasonCode = "test", reason = "A test asks for it." })).Ok();
        (await Teller.DepositAsync(account, "0.01")).Created();

        var statements = await IssuedAsync(account, 3);
        await HandledAsync();
        Assert.Equal(3, (await IssuedAsync(account, 3)).Count);
        Assert.Equal(["12.51", "12.50", "15.00"], statements.Select(s => Value(s, "closing")));
        Assert.Equal(["12.50", "15.00", "10.00"], statements.Select(s => Value(s, "opening")));
        var second = (await Teller.StatementAsync(statements[1].GetProperty("id").GetString()!)).Ok();
        Assert.Equal("withdrawal", Assert.Single(second.Json.GetProperty("entries").EnumerateArray()).GetProperty("type").GetString());
    }

    [Fact]
    public async Task A_movement_gets_its_statement_also_when_the_stored_state_of_the_statements_is_lost()
    {
        var account = await Teller.OpenAsync(balance: "10.00");
        bank.Clock.Advance(TimeSpan.FromMinutes(1));
        await SetAsync(account, "each-transaction");
        await bank.ExecuteAsync(
            "delete from accounts.mt_doc_account_statements where (data ->> 'account')::uuid = $1", Stored.Id(account));

        (await Teller.DepositAsync(account, "5.00")).Created();

        Assert.Equal("15.00", Value(Assert.Single(await IssuedAsync(account, 1)), "closing"));
    }

    [Fact]
    public async Task An_imported_account_is_stated_as_often_as_at_its_source_from_the_period_of_the_import_on()
    {
        var (monthly, weekly) = (await ImportedAsync(StatementFrequency.Monthly), await ImportedAsync(StatementFrequency.Weekly));
        var each = await ImportedAsync(StatementFrequency.EachTransaction);
        var (imported, today) = (bank.Clock.Now, DateOnly.FromDateTime(bank.Clock.Now.UtcDateTime));
        var month = StatementPeriods.Of(StatementFrequency.Monthly, today)!.Value;
        var week = StatementPeriods.Of(StatementFrequency.Weekly, today)!.Value;
        var schedule = (await Teller.GetAsync($"/v1/accounts/{monthly.Id}/statement-schedule")).Ok();
        Assert.Equal("monthly", schedule.Text("frequency"));
        Assert.InRange(imported - schedule.Json.GetProperty("since").GetDateTimeOffset(), TimeSpan.Zero, TimeSpan.FromMinutes(1));

        (await Teller.DepositAsync(each.Id, "5.00")).Created();
        Assert.Equal("105.00", Value(Assert.Single(await IssuedAsync(each.Id, 1)), "closing"));
        AdvanceTo(week.To);
        Assert.Equal($"{week.From:O} {week.To:O}", Period((await FirstAsync(weekly))));
        AdvanceTo(month.To);
        Assert.Equal($"{month.From:O} {month.To:O}", Period((await FirstAsync(monthly))));
        Assert.Single((await Teller.GetAsync($"/v1/accounts/{each.Id}/statements")).Ok().Items());
    }

    [Fact]
    public async Task A_repeated_import_finds_the_schedule_and_names_another_frequency_in_the_files()
    {
        var account = await ImportedAsync(StatementFrequency.Weekly);
        await SetAsync(account.Id, "monthly");

        Assert.Null(await account.DifferenceAsync());
        Assert.Equal(new(0, 0, 2), await account.ImportAsync());
        Assert.Equal("monthly", (await Teller.GetAsync($"/v1/accounts/{account.Id}/statement-schedule")).Ok().Text("frequency"));
        Assert.Equal(
            "has frequency \"weekly\" in the bank and \"each-transaction\" in the files",
            await account.With(StatementFrequency.EachTransaction).DifferenceAsync());
    }

    [Fact]
    public async Task A_repeat_adds_the_schedules_that_an_earlier_release_did_not_import_but_changes_none()
    {
        var (without, changed) = (await ImportedAsync(StatementFrequency.None), await ImportedAsync(StatementFrequency.None));
        await SetAsync(changed.Id, "weekly");
        var (added, kept) = (without.With(StatementFrequency.Monthly), changed.With(StatementFrequency.Monthly));
        Assert.Equal((null, null), (await added.DifferenceAsync(), await kept.DifferenceAsync()));

        Assert.Equal(new(1, 1, 1), await added.ImportAsync());
        Assert.Equal(new(0, 0, 2), await kept.ImportAsync());
        Assert.Equal("monthly", (await Teller.GetAsync($"/v1/accounts/{added.Id}/statement-schedule")).Ok().Text("frequency"));
        Assert.Equal("weekly", (await Teller.GetAsync($"/v1/accounts/{kept.Id}/statement-schedule")).Ok().Text("frequency"));
    }

    [Fact]
    public async Task A_month_that_is_too_long_is_recorded_and_the_next_month_gets_its_statement()
    {
        var account = await Teller.OpenAsync();
        for (var i = 0; i <= ShortStatements.MaxEntries; i++)
        {
            (await Teller.DepositAsync(account, "1.00")).Created();
        }

        var today = DateOnly.FromDateTime(bank.Clock.Now.UtcDateTime);
        var month = new DateOnly(today.Year, today.Month, 1);
        await SetAsync(account, "monthly");
        AdvanceTo(month.AddMonths(2));

        var statement = Assert.Single(await IssuedAsync(account, 1));
        Assert.Equal($"{month.AddMonths(1):O} {month.AddMonths(2):O}", Period(statement));
        var asked = await Teller.IssueAsync(account, $"{today:O}", $"{month.AddMonths(1):O}");
        Assert.Equal((422, "statement_too_long"), (asked.StatusCode, asked.Code));
        Assert.Equal($"{month:O} statement_too_long", Assert.Single(await bank.QueryAsync<string>(
            "select concat(data ->> 'from', ' ', data ->> 'code') from bank.mt_events "
                + "where type = 'accounts.scheduled-statement-failed.v1' and data ->> 'account' = $1",
            Stored.Id(account).ToString())));
    }

    [Fact]
    public async Task A_repeat_in_another_spelling_is_answered_although_the_period_has_become_too_long()
    {
        var account = await Teller.OpenAsync(effectiveAt: bank.Clock.Now.AddDays(-3));
        var number = (await Teller.GetAsync($"/v1/accounts/{account}")).Ok().Text("number");
        var (from, to) = ($"{bank.Clock.Now.AddDays(-2):yyyy-MM-dd}", $"{bank.Clock.Now.AddDays(-1):yyyy-MM-dd}");
        var key = BankClient.NewKey();
        var issued = (await Teller.IssueAsync(account, from, to, key)).Created();
        for (var i = 0; i <= ShortStatements.MaxEntries; i++)
        {
            (await Teller.DepositOnAsync(account, from, "1.00")).Created();
        }

        var repeated = await Teller.IssueAsync(number, from, to, key);

        Assert.Equal((issued.Body, "true"), (repeated.Body, repeated.Header("Idempotency-Replayed")));
        Assert.Equal("statement_too_long", (await Teller.IssueAsync(number, from, to)).Code);
    }

    [Fact]
    public async Task An_account_has_no_more_periods_than_its_state_can_hold()
    {
        var account = await Teller.OpenAsync(effectiveAt: bank.Clock.Now.AddDays(-6));
        var days = Enumerable.Range(-5, ShortStatements.MaxPeriods + 2).Select(i => $"{bank.Clock.Now.AddDays(i):yyyy-MM-dd}").ToList();
        foreach (var (from, to) in days.Zip(days.Skip(1)).Take(ShortStatements.MaxPeriods))
        {
            await Teller.IssuedAsync(account, from, to);
        }

        var refused = await Teller.IssueAsync(account, days[^2], days[^1]);

        Assert.Equal((422, "too_many_periods", "3"), (refused.StatusCode, refused.Code, refused.Text("maxPeriods")));
        (await Teller.DepositOnAsync(account, days[0], "1.00")).Created();
        await Teller.IssuedAsync(account, days[0], days[1]);
    }

    [Fact]
    public async Task A_schedule_is_set_once_per_key_whatever_the_spelling_of_the_account()
    {
        var account = await Teller.OpenAsync();
        var number = (await Teller.GetAsync($"/v1/accounts/{account}")).Ok().Text("number");
        var key = ("Idempotency-Key", BankClient.NewKey());
        var set = (await Teller.PostAsync($"/v1/accounts/{number}/statement-schedule", new { frequency = "weekly" }, key)).Ok();

        var repeated = await Teller.PostAsync($"/v1/accounts/{account}/statement-schedule", new { frequency = "weekly" }, key);

        Assert.Equal((set.Body, "true"), (repeated.Body, repeated.Header("Idempotency-Replayed")));
    }

    [Fact]
    public async Task Verify_finds_no_difference_in_the_streams_and_states_of_statements()
    {
        var account = await Teller.OpenAsync(balance: "10.00");
        bank.Clock.Advance(TimeSpan.FromMinutes(1));
        await SetAsync(account, "each-transaction");
        (await Teller.DepositAsync(account, "5.00")).Created();
        await IssuedAsync(account, 1);
        await ImportedAsync(StatementFrequency.Monthly);

        var verification = bank.Host.Services.GetRequiredService<Verification>();
        var differences = (await verification.RunAsync(Guid.Empty, null, _ => { }, TestContext.Current.CancellationToken)).Differences;

        Assert.Empty(differences);
    }

    [Theory]
    [InlineData("delete from platform.due where id = $1")]
    [InlineData("update platform.due set due_at = due_at + interval '1 year' where id = $1")]
    [InlineData("update platform.due set due_at = due_at - interval '1 day' where id = $1")]
    [InlineData("update platform.due set operation = 'accounts.of-another-bank.v1' where id = $1")]
    [InlineData("update platform.due set command = replace(command, '\"schedule\":1', '\"schedule\":2') where id = $1")]
    public async Task A_forged_wait_for_the_next_statement_is_reported(string forgery)
    {
        var account = await Teller.OpenAsync();
        await SetAsync(account, "monthly");
        var stream = AccountStatements.IdOf(Stored.Id(account));
        var comparing = bank.Host.Services.GetRequiredService<StreamVerification>();
        async Task<IReadOnlyList<Difference>> DifferencesAsync() =>
            (await comparing.CompareAsync(StreamSelection.Of(stream), [stream], CancellationToken.None)).Differences;
        Assert.Empty(await DifferencesAsync());
        var row = await RowAsync(account);
        var id = JsonElement.Parse(row).GetProperty("id").GetGuid();

        Assert.Equal(1, await bank.ExecuteAsync(forgery, id));

        Assert.Equal([("due", stream, id)], (await DifferencesAsync()).Select(d => (d.Table, d.Stream!.Value, d.Id!.Value)));
        await bank.ExecuteAsync("delete from platform.due where id = $1", id);
        await bank.ExecuteAsync("insert into platform.due select * from jsonb_populate_record(null::platform.due, $1::jsonb)", row);
        await SetAsync(account, "none");
        Assert.Empty(await DifferencesAsync());
    }

    private static string Period(JsonElement statement) =>
        $"{statement.GetProperty("from").GetString()} {statement.GetProperty("to").GetString()}";

    private static string? Value(JsonElement statement, string balance) =>
        statement.GetProperty(balance).GetProperty("value").GetString();

    private async Task<ImportedAccount> ImportedAsync(StatementFrequency frequency)
    {
        var account = await ImportedAccount.NewAsync(bank, frequency);
        await account.ImportAsync();
        return account;
    }

    /// <summary>The first statement of an account, which other tests may have given more by moving the clock.</summary>
    private async Task<JsonElement> FirstAsync(ImportedAccount account) => (await Eventually.UntilAsync(
        async () => (await Teller.GetAsync($"/v1/accounts/{account.Id}/statements")).Ok().Items(), items => items.Count > 0))[^1];

    private async Task SetAsync(string account, string frequency)
    {
        var set = await Teller.PostAsync($"/v1/accounts/{account}/statement-schedule", new { frequency });
        Assert.Equal(frequency, set.Ok().Text("frequency"));
    }

    /// <summary>Waits until every event so far was delivered to the modules and handled.</summary>
    private async Task HandledAsync()
    {
        var end = Assert.Single(await bank.QueryAsync<long>("select max(seq_id) from bank.mt_events"));
        await Eventually.UntilAsync(
            () => CountAsync("publishing.publisher where name = 'modules' and position >= $1::bigint", $"{end}"), rows => rows == 1);
        await Eventually.UntilAsync(
            () => CountAsync("wolverine.wolverine_incoming_envelopes where status <> $1", "Handled"), messages => messages == 0);
    }

    /// <summary>Moves the clock to when the period before a day can be stated, unless it is there already.</summary>
    private void AdvanceTo(DateOnly day)
    {
        var at = new DateTimeOffset(day, new(0, 0, 10), TimeSpan.Zero);
        if (at > bank.Clock.Now)
        {
            bank.Clock.Set(at);
        }
    }

    private Task<IReadOnlyList<JsonElement>> IssuedAsync(string account, int count) => Eventually.UntilAsync(
        async () => (await Teller.GetAsync($"/v1/accounts/{account}/statements")).Ok().Items(), items => items.Count == count);

    private async Task<string> RowAsync(string account) => Assert.Single(await bank.QueryAsync<string>(
        "select to_jsonb(d)::text from platform.due d where command::jsonb ->> 'account' = $1", Stored.Id(account).ToString()));

    private async Task<long> CountAsync(string from, string value) =>
        Assert.Single(await bank.QueryAsync<long>($"select count(*) from {from}", value));
}
