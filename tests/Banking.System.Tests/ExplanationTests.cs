using System.Text.Json;
using Banking.Host.Security;
using Banking.SharedKernel;
using Banking.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Banking.System.Tests;

/// <summary>What changed an account between two moments, what a balance is made of, and which movements made it wrong.</summary>
public sealed class ExplanationTests(BankFixture bank) : IClassFixture<BankFixture>
{
    private readonly BankClient _teller = bank.As("teller");

    [Fact]
    public async Task Changes_show_each_member_before_and_after_on_the_axis_that_is_asked_for()
    {
        var opened = bank.Clock.Now;
        var account = await _teller.OpenAsync(balance: "100.00");
        bank.Clock.Advance(TimeSpan.FromDays(1));
        var tuesday = bank.Clock.Now;
        (await _teller.PostAsync($"/v1/accounts/{account}/overdraft-limit", new { limit = "50.00", reasonCode = "ok", reason = "r" })).Ok();
        bank.Clock.Advance(TimeSpan.FromDays(1));
        var wednesday = bank.Clock.Now;
        await DepositAsync(account, "7.00", effectiveAt: opened.AddHours(1));

        var recorded = await ChangesAsync(account, $"?from={tuesday.Query()}");
        var effective = await ChangesAsync(account, $"?axis=effective&to={tuesday.Query()}");
        var known = await ChangesAsync(account, $"?axis=effective&to={tuesday.Query()}&knownAt={tuesday.Query()}");

        Assert.Equal(
            ["accounts.overdraft-limit-set.v1 available,overdraftLimit", "accounts.money-deposited.v3 balance,available"],
            recorded.Items().Select(Summary));
        recorded.Items()[0].GetProperty("before").GetProperty("overdraftLimit").IsMoney("0.00");
        recorded.Items()[0].GetProperty("after").GetProperty("available").IsMoney("150.00");
        recorded.Json.GetProperty("opening").GetProperty("available").IsMoney("100.00");
        recorded.Json.GetProperty("closing").GetProperty("balance").IsMoney("107.00");
        Assert.Equal(["100.00", "107.00"], effective.Items().Skip(1).Select(AfterText));
        Assert.False(effective.Json.TryGetProperty("opening", out _));
        effective.Json.GetProperty("closing").GetProperty("balance").IsMoney("107.00");
        Assert.Equal(2, known.Items().Count);
        var opening = Assert.Single((await ChangesAsync(account, $"?from={opened.Query()}&to={wednesday.Query()}&limit=1")).Items());
        Assert.False(opening.TryGetProperty("before", out _));
        Assert.Equal("open", opening.GetProperty("after").Text("status"));
    }

    [Fact]
    public async Task Pages_of_changes_agree_with_each_other_although_more_is_recorded_meanwhile()
    {
        var start = bank.Clock.Now;
        var account = await _teller.OpenAsync(balance: "10.00");
        for (var i = 1; i <= 4; i++)
        {
            bank.Clock.Advance(TimeSpan.FromHours(1));
            await DepositAsync(account, $"{i}.00", effectiveAt: start);
        }

        foreach (var axis in (string[])["recorded", "effective"])
        {
            var (balances, cursor) = (new List<string>(), (string?)null);
            do
            {
                var page = await ChangesAsync(account, $"?axis={axis}&limit=2{(cursor is null ? "" : "&cursor=" + cursor)}");
                balances.AddRange(page.Items().Where(i => i.GetProperty("event").Text("type") != "accounts.account-opened.v1")
                    .Select(AfterText));
                cursor = page.NextCursor();
                await DepositAsync(account, "0.01", effectiveAt: start);
            }
            while (cursor is not null);

            Assert.Equal(["10.00", "11.00", "13.00", "16.00", "20.00"], balances.Take(5));
            Assert.Equal(axis == "recorded" ? 5 : 8, balances.Count);
        }
    }

    [Fact]
    public async Task A_balance_links_to_an_explanation_whose_groups_add_up_to_it()
    {
        var (from, to) = (await _teller.OpenAsync(balance: "100.00"), await _teller.OpenAsync());
        var number = (await _teller.GetAsync($"/v1/accounts/{to}")).Ok().Text("number");
        var transfer = (await _teller.TransferAsync(from, to, "30.00")).Created().Text("id");
        bank.Clock.Advance(TimeSpan.FromDays(40));
        (await _teller.WithdrawAsync(from, "5.00")).Created();
        await CorrectAsync(transfer, new { kind = "amount", amount = Eur("20.00"), reasonCode = "typo", reason = "one too many" });
        await DepositAsync(from, "7.77", effectiveAt: bank.Clock.Now.AddDays(-20));

        var balance = (await _teller.GetAsync($"/v1/accounts/{from}/balance")).Ok();
        var explained = (await _teller.GetAsync(balance.Json.GetProperty("links").Text("explanation"))).Ok();

        explained.Json.GetProperty("balance").IsMoney("82.77");
        foreach (var grouping in (string[])["months", "kinds", "counterparties"])
        {
            var groups = explained.Json.GetProperty(grouping).EnumerateArray().ToList();
            Assert.Equal(82.77m, groups.Sum(g => Decimal(g.GetProperty("net"))));
            Assert.Equal(explained.Json.GetProperty("movements").GetInt64(), groups.Sum(g => g.GetProperty("movements").GetInt64()));
            foreach (var group in groups)
            {
                var items = (await _teller.GetAsync(group.Text("items"))).Ok().Items();
                Assert.Equal(group.GetProperty("movements").GetInt32(), items.Count);
                Assert.Equal(
                    Decimal(group.GetProperty("net")),
                    items.Sum(i => Balance(i, "after") - (i.TryGetProperty("before", out _) ? Balance(i, "before") : 0)));
            }
        }

        Assert.Contains(number, explained.Json.GetProperty("counterparties").EnumerateArray().Select(g => g.Text("name")));
        var reversed = (await _teller.GetAsync($"/v1/accounts/{from}/balance/explain/movements?kind=reversed")).Ok().Items()[0];
        var reason = reversed.GetProperty("event").GetProperty("reason");
        Assert.Equal(
            ("one too many", "typo", "amount"),
            (reason.Text("text"), reason.Text("code"), reversed.GetProperty("correction").Text("kind")));
        (await _teller.GetAsync(reversed.GetProperty("links").Text("transaction"))).Ok();
    }

    [Fact]
    public async Task Movements_are_found_by_amount_reason_and_actor()
    {
        var owner = await _teller.RegisterAsync();
        var account = await _teller.OpenAsync(customer: owner);
        var bob = bank.WithToken(
            bank.Host.Services.GetRequiredService<DevTokens>().Issue("teller", null, "bob", TimeProvider.System.GetUtcNow()));
        foreach (var (teller, value, reason) in new[]
        {
            (_teller, "5.00", "Rent of May"), (bob, "5.00", "gift"), (_teller, "7.00", "rent"),
        })
        {
            (await teller.PostAsync(
                "/v1/deposits", new { accountId = account, amount = new { value, currency = "EUR" }, reason })).Created();
        }

        foreach (var (query, versions) in new[]
        {
            ("amount=5.00", "2 3"), ("reason=RENT", "2 4"), ("actor=bob", "3"), ("amount=5.00&reason=rent&actor=dev-teller", "2"),
            ("amount=6.00", ""), ("reason=rent&kind=withdrawal", ""),
        })
        {
            var found = (await _teller.GetAsync($"/v1/accounts/{account}/balance/explain/movements?{query}")).Ok().Items();
            Assert.Equal((query, versions), (query, string.Join(' ', found.Select(i => i.GetProperty("event").GetProperty("version")))));
        }

        // A customer must not learn the reasons and actors of others, so no search finds them.
        var customer = bank.As("customer", owner);
        foreach (var query in (string[])["reason=rent", "actor=bob"])
        {
            Assert.Empty((await customer.GetAsync($"/v1/accounts/{account}/balance/explain/movements?{query}")).Ok().Items());
        }

        Assert.Equal(2, (await customer.GetAsync($"/v1/accounts/{account}/balance/explain/movements?amount=5.00")).Ok().Items().Count);
    }

    [Fact]
    public async Task An_explanation_of_a_past_moment_and_of_a_month_is_of_that_moment_and_month()
    {
        var account = await _teller.OpenAsync(balance: "100.00");
        bank.Clock.Advance(TimeSpan.FromDays(35));
        var then = bank.Clock.Now;
        (await _teller.DepositAsync(account, "10.00")).Created();
        bank.Clock.Advance(TimeSpan.FromDays(1));
        await DepositAsync(account, "1.00", effectiveAt: then);
        var month = then.ToString("yyyy-MM-01", global::System.Globalization.CultureInfo.InvariantCulture);

        var now = await ExplainAsync(account, $"?effectiveAt={then.Query()}&from={month}");
        var before = await ExplainAsync(account, $"?effectiveAt={then.Query()}&knownAt={then.Query()}");

        now.Json.GetProperty("opening").IsMoney("100.00");
        (await ExplainAsync(account, "?from=0001-01-01")).Json.GetProperty("balance").IsMoney("111.00");
        now.Json.GetProperty("balance").IsMoney("111.00");
        Assert.Equal(2, now.Json.GetProperty("movements").GetInt32());
        before.Json.GetProperty("balance").IsMoney("110.00");
    }

    [Fact]
    public async Task An_interval_may_end_in_the_future_and_a_period_may_begin_before_the_first_stored_day()
    {
        var account = await _teller.OpenAsync(balance: "3.00");

        var changes = await ChangesAsync(account, $"?from={bank.Clock.Now.AddDays(-1).Query()}&to={bank.Clock.Now.AddDays(1).Query()}");
        Assert.Equal(2, changes.Items().Count);
        changes.Json.GetProperty("closing").GetProperty("balance").IsMoney("3.00");
        foreach (var from in (string[])["0001-01-01", "1899-12-31"])
        {
            (await ExplainAsync(account, $"?from={from}")).Json.GetProperty("opening").IsMoney("0.00");
            Assert.Single((await _teller.GetAsync($"/v1/accounts/{account}/balance/explain/movements?from={from}")).Ok().Items());
            Assert.Empty((await _teller.GetAsync($"/v1/accounts/{account}/balance/explain/movements?from={from}&to={from}")).Ok().Items());
            (await MistakesAsync(account, $"?from={from}&expected=0.00")).Json.GetProperty("difference").IsMoney("3.00");
        }
    }

    [Fact]
    public async Task A_month_links_to_its_own_explanation()
    {
        var account = await _teller.OpenAsync(balance: "100.00");
        bank.Clock.Advance(TimeSpan.FromDays(40));
        (await _teller.DepositAsync(account, "7.00")).Created();

        var months = (await ExplainAsync(account, "")).Json.GetProperty("months").EnumerateArray().ToList();
        var explained = (await _teller.GetAsync(months[^1].Text("explanation"))).Ok();

        explained.Json.GetProperty("opening").IsMoney("100.00");
        explained.Json.GetProperty("balance").IsMoney("107.00");
        Assert.Equal(1, explained.Json.GetProperty("movements").GetInt64());
        (await _teller.GetAsync(months[0].Text("explanation"))).Ok().Json.GetProperty("balance").IsMoney("100.00");
    }

    [Fact]
    public async Task Very_many_movements_recorded_later_are_a_candidate_if_the_balance_was_right_before()
    {
        var (account, auditor) = (await _teller.OpenAsync(currency: "SEK", balance: "5.00"), bank.As("auditor"));
        var statedAt = bank.Clock.Now;
        bank.Clock.Advance(TimeSpan.FromDays(1));
        for (var i = 0; i < 101; i++)
        {
            (await _teller.DepositAsync(account, "1.00", "SEK")).Created();
        }

        var position = (await _teller.DepositAsync(account, "1.00", "SEK")).Created().Header("Ledger-Position")!;
        var found = await MistakesAsync(account, $"?expected=5.00&statedAt={statedAt.Query()}");
        var line = (await auditor.GetCurrentAsync(
            $"/v1/ledger/accounts/customer-deposits/mistakes?currency=SEK&expected=5.00&statedAt={statedAt.Query()}", position)).Ok();

        foreach (var (answer, members) in ((Answer, string)[])[(found, "events"), (line, "entries")])
        {
            answer.Json.GetProperty("difference").IsMoney("102.00", "SEK");
            var candidate = answer.Json.GetProperty("candidates")[0];
            Assert.Equal(("recorded-later", 100), (candidate.Text("rule"), candidate.GetProperty(members).GetArrayLength()));
        }

        Assert.DoesNotContain((await MistakesAsync(account, $"?expected=6.00&statedAt={statedAt.Query()}")).Json.GetProperty("candidates")
            .EnumerateArray(), c => c.Text("rule") == "recorded-later");
    }

    [Fact]
    public async Task A_figure_beyond_64_bits_may_be_expected_and_a_time_to_come_is_not_the_time_of_a_statement()
    {
        var account = await _teller.OpenAsync(balance: "1.00");
        var tomorrow = bank.Clock.Now.AddDays(1).Query();
        const string Line = "/v1/ledger/accounts/customer-deposits/mistakes?currency=EUR";

        (await MistakesAsync(account, "?expected=-99999999999999999999.99")).Json.GetProperty("difference")
            .IsMoney("100000000000000000000.99");
        (await bank.As("auditor").GetAsync($"{Line}&expected=99999999999999999999.99")).Ok();
        (await bank.As("auditor").GetAsync($"{Line}&expected=1e9")).IsProblem(400, "invalid_amount");
        (await bank.As("auditor").GetAsync($"{Line}&expected=1.00&statedAt={tomorrow}")).IsProblem(422, "known_in_future");
        (await _teller.GetAsync($"/v1/accounts/{account}/balance/mistakes?expected=1.00&statedAt={tomorrow}"))
            .IsProblem(422, "known_in_future");
    }

    [Fact]
    public async Task A_corrected_entry_of_a_ledger_line_comes_after_one_that_is_in_effect()
    {
        var (wrong, taken) = (await _teller.OpenAsync(currency: "NOK"), await _teller.OpenAsync(currency: "NOK"));
        (await _teller.DepositAsync(wrong, "500.00", "NOK")).Created();
        var second = (await _teller.DepositAsync(taken, "500.00", "NOK")).Created().Text("id");
        var position = (await _teller.PostAsync(
            $"/v1/transactions/{second}/corrections", new { kind = "reversal", reasonCode = "error", reason = "not his" }))
            .Created().Header("Ledger-Position")!;

        var candidates = (await bank.As("auditor").GetCurrentAsync(
            "/v1/ledger/accounts/customer-deposits/mistakes?currency=NOK&expected=0.00", position)).Ok()
            .Json.GetProperty("candidates").EnumerateArray().ToList();

        Assert.Equal([wrong, taken], candidates.Take(2).Select(c => c.GetProperty("entries")[0].Text("accountId")));
        Assert.True(candidates[0].GetProperty("score").GetInt32() > candidates[1].GetProperty("score").GetInt32());
    }

    [Fact]
    public async Task A_customer_reads_explanations_without_the_reasons_of_others()
    {
        var customer = await _teller.RegisterAsync();
        var ada = bank.As("customer", customer);
        var account = await _teller.OpenAsync(customer);
        var deposit = (await _teller.DepositAsync(account, "50.00")).Created().Text("id");
        await CorrectAsync(deposit, new { kind = "amount", amount = Eur("5.00"), reasonCode = "fraud", reason = "a suspicion" });

        foreach (var path in (string[])["changes", "balance/explain/movements", "balance/mistakes?expected=50.00"])
        {
            var seen = (await ada.GetAsync($"/v1/accounts/{account}/{path}")).Ok().Body;
            Assert.DoesNotContain("suspicion", seen, StringComparison.Ordinal);
            Assert.DoesNotContain("fraud", seen, StringComparison.Ordinal);
            Assert.DoesNotContain("dev-teller", seen, StringComparison.Ordinal);
            Assert.Contains("suspicion", (await _teller.GetAsync($"/v1/accounts/{account}/{path}")).Ok().Body, StringComparison.Ordinal);
            (await bank.As("customer", await _teller.RegisterAsync()).GetAsync($"/v1/accounts/{account}/{path}"))
                .IsProblem(404, "account_not_found");
        }
    }

    [Fact]
    public async Task A_double_booking_is_the_first_candidate_for_a_balance_that_is_too_high()
    {
        var account = await _teller.OpenAsync(balance: "5.00");
        (await _teller.DepositAsync(account, "1250.00")).Created();
        bank.Clock.Advance(TimeSpan.FromDays(1));
        var second = (await _teller.DepositAsync(account, "1250.00")).Created().Text("id");
        (await _teller.WithdrawAsync(account, "3.00")).Created();

        var found = await MistakesAsync(account, "?expected=1252.00");
        var candidate = found.Json.GetProperty("candidates")[0];

        found.Json.GetProperty("difference").IsMoney("1250.00");
        Assert.Equal("double-booking", candidate.Text("rule"));
        Assert.Equal($"/v1/transactions/{second}", candidate.GetProperty("events")[0].GetProperty("links").Text("transaction"));
        await CorrectAsync(second, new { kind = "duplicate", reasonCode = "twice", reason = "paid twice" });
        Assert.Equal("1252.00", await _teller.BalanceAsync(account));
        Assert.Empty((await MistakesAsync(account, "?expected=1252.00")).Json.GetProperty("candidates").EnumerateArray());
    }

    [Fact]
    public async Task A_booking_that_is_missing_is_searched_among_refusals_other_accounts_and_earlier_bookings()
    {
        var (account, neighbour) = (await _teller.OpenAsync(balance: "20.00"), await _teller.OpenAsync());
        var payer = await _teller.OpenAsync(balance: "100.00");
        (await _teller.TransferAsync(payer, account, "31.31")).Created();
        (await _teller.WithdrawAsync(payer, "68.69")).Created();
        (await _teller.TransferAsync(payer, account, "31.31")).IsProblem(422, "insufficient_funds");
        (await _teller.DepositAsync(payer, "31.31")).Created();
        var wrong = (await _teller.TransferAsync(payer, neighbour, "31.31")).Created();
        (await _teller.GetCurrentAsync($"/v1/transfers?account={neighbour}", wrong.Header("Ledger-Position")!)).Ok();

        var found = await MistakesAsync(account, "?expected=82.62");
        var missing = found.Json.GetProperty("missing").EnumerateArray().ToList();

        Assert.Empty(found.Json.GetProperty("candidates").EnumerateArray());
        Assert.EndsWith("A booking may be missing, see missing.", found.Text("summary"), StringComparison.Ordinal);
        Assert.Equal(["refused-command", "other-account", "repeated-booking"], missing.Select(m => m.Text("rule")).Distinct());
        Assert.Equal("insufficient_funds", missing[0].Text("code"));
        Assert.Equal((neighbour, $"/v1/transactions/{wrong.Text("id")}"), (missing[1].Text("accountId"), missing[1].Text("link")));
        // What took effect at the instant of the balance counts too.
        var now = await MistakesAsync(account, $"?expected=82.62&effectiveAt={bank.Clock.Now.Query()}");
        Assert.Contains(now.Json.GetProperty("missing").EnumerateArray(), m => m.Text("rule") == "other-account");
        (await _teller.GetAsync(missing[0].Text("link"))).Ok();
        missing[0].GetProperty("amount").IsMoney("31.31");
        var debit = (await MistakesAsync(payer, "?expected=-31.31")).Json.GetProperty("missing").EnumerateArray().ToList();
        Assert.Contains(debit, m => m.Text("rule") == "refused-command");
        Assert.DoesNotContain(debit, m => m.Text("rule") == "other-account" && m.Text("accountId") == account);
        Assert.Equal("The balance is what was expected.", (await MistakesAsync(account, "?expected=51.31")).Text("summary"));
        Assert.Empty((await MistakesAsync(account, $"?expected=82.62&from={bank.Clock.Now.AddDays(9):yyyy-MM-dd}"))
            .Json.GetProperty("missing").EnumerateArray());
    }

    [Fact]
    public async Task A_refused_transfer_that_names_the_payee_by_its_number_as_printed_is_found_where_its_booking_is_missing()
    {
        var (account, payer) = (await _teller.OpenAsync(), await _teller.OpenAsync());
        var number = AccountNumber.Parse((await _teller.GetAsync($"/v1/accounts/{account}")).Ok().Text("number")).Grouped;
        foreach (var to in (string[])[number, number.ToLowerInvariant()])
        {
            (await _teller.TransferAsync(payer, to, "23.23")).IsProblem(422, "insufficient_funds");
        }

        var missing = (await MistakesAsync(account, "?expected=23.23")).Json.GetProperty("missing").EnumerateArray();

        Assert.Equal(2, missing.Count(m => m.Text("rule") == "refused-command"));
    }

    [Fact]
    public async Task Each_counterparty_has_a_link_that_is_answered_however_long_its_name_is()
    {
        var account = await _teller.OpenAsync();
        var (longest, odd) = (
            new { bank = new string('b', 140), account = new string('ä', 140) }, new { bank = "b", account = "a&b=c:d+e #1" });
        foreach (var counterparty in (object[])[longest, odd])
        {
            (await _teller.PostAsync(
                "/v1/deposits", new { accountId = account, amount = Eur("1.00"), reason = "test", counterparty })).Created();
        }

        var groups = (await ExplainAsync(account, "")).Json.GetProperty("counterparties").EnumerateArray().ToList();

        Assert.Equal(2, groups.Count);
        foreach (var group in groups)
        {
            Assert.Single((await _teller.GetAsync(group.Text("items"))).Ok().Items());
        }

        (await _teller.GetAsync($"/v1/accounts/{account}/balance/explain/movements?counterparty={new string('c', 282)}"))
            .IsProblem(400, "malformed_filter");
    }

    [Fact]
    public async Task A_customer_does_not_learn_of_commands_and_accounts_of_others()
    {
        var customer = await _teller.RegisterAsync();
        var account = await _teller.OpenAsync(customer);
        (await _teller.DepositAsync(await _teller.OpenAsync(), "41.41")).Created();

        var seen = (await bank.As("customer", customer).GetAsync($"/v1/accounts/{account}/balance/mistakes?expected=41.41")).Ok();

        Assert.False(seen.Json.TryGetProperty("missing", out _));
        Assert.Equal("No movement that was searched explains the difference. A booking may be missing.", seen.Text("summary"));
    }

    [Fact]
    public async Task What_was_backdated_after_a_statement_makes_the_difference_to_its_closing_balance()
    {
        var account = await _teller.OpenAsync(balance: "100.00", effectiveAt: bank.Clock.Now.AddDays(-25));
        var day = bank.Clock.Now;
        bank.Clock.Advance(TimeSpan.FromDays(2));
        var today = DateOnly.FromDateTime(bank.Clock.Now.UtcDateTime);
        var statement = (await _teller.PostAsync(
            $"/v1/accounts/{account}/statements", new { from = today.AddDays(-3).ToString("O"), to = today.ToString("O") }))
            .Created().Text("id");
        await DepositAsync(account, "50.00", effectiveAt: day);
        await DepositAsync(account, "1.00", effectiveAt: day.AddHours(1));
        await DepositAsync(account, "900.00");

        var found = await MistakesAsync(account, $"?statement={statement}");
        var candidate = found.Json.GetProperty("candidates")[0];
        var other = await MistakesAsync(account, $"?statement={statement}&expected=0.00");

        found.Json.GetProperty("difference").IsMoney("51.00");
        Assert.Equal("recorded-later", candidate.Text("rule"));
        Assert.Equal(2, candidate.GetProperty("events").GetArrayLength());
        other.Json.GetProperty("balance").IsMoney("100.00");
        Assert.Equal("exact-amount", other.Json.GetProperty("candidates")[0].Text("rule"));
    }

    [Fact]
    public async Task A_destination_has_an_event_when_it_has_acknowledged_it()
    {
        var (operators, reason) = (bank.As("operator"), new { reasonCode = "test", reason = "test" });
        (await operators.PostAsync("/ops/outbox/modules/hold", reason)).Ok();
        var account = await _teller.OpenAsync(balance: "1.00");
        var links = (await operators.GetAsync($"/v1/accounts/{account}/changes")).Ok().Items()[^1].GetProperty("links");

        async Task<string> StateAsync() => Assert.Single(
            (await operators.GetAsync(links.Text("deliveries"))).Ok().Items(), i => i.Text("destination") == "modules").Text("state");
        Assert.Equal("waiting", await StateAsync());
        (await operators.PostAsync("/ops/outbox/modules/release", reason)).Ok();
        await Eventually.UntilAsync(StateAsync, state => state == "acknowledged");

        var unknown = links.Text("deliveries")[..^8] + "00000000";
        (await operators.GetAsync(unknown)).IsProblem(404, "event_not_found");
        Assert.False((await ChangesAsync(account, "")).Items()[0].GetProperty("links").TryGetProperty("deliveries", out _));
    }

    [Theory]
    [InlineData("changes?from=2026-11-02T00:00:00Z&to=2026-11-01T00:00:00Z", 400, "malformed_period")]
    [InlineData("changes?axis=other", 400, "malformed_filter")]
    [InlineData("changes?knownAt=2026-11-01T00:00:00Z", 400, "malformed_filter")]
    [InlineData("changes?from=2999-11-01T00:00:00Z", 422, "known_in_future")]
    [InlineData("changes?cursor=ZSAxIDEgOTk5", 400, "malformed_cursor")]
    [InlineData("changes?axis=effective&cursor=ZSAxIDAgMA", 400, "malformed_cursor")]
    [InlineData("balance/explain?from=2026-11-02&to=2026-11-01", 400, "malformed_period")]
    [InlineData("balance/explain/movements?kind=gift", 400, "malformed_filter")]
    [InlineData("balance/explain/movements?amount=1.001", 400, "invalid_amount")]
    [InlineData("balance/explain/movements?reason=a%00", 400, "malformed_filter")]
    [InlineData("balance/explain/movements?actor=", 400, "malformed_filter")]
    [InlineData("balance/explain/movements?cursor=ZSAxIDAgMA", 400, "malformed_cursor")]
    [InlineData("balance/mistakes", 400, "malformed_filter")]
    [InlineData("balance/mistakes?expected=1.001", 400, "invalid_amount")]
    [InlineData("balance/mistakes?statement=stm_1&version=1", 400, "malformed_filter")]
    [InlineData("balance/mistakes?statement=stm_0198f3a2c4d07e5f8a1b2c3d4e5f6071", 404, "statement_not_found")]
    public async Task A_question_that_cannot_be_answered_is_an_error(string question, int status, string code)
    {
        var account = await _teller.OpenAsync(balance: "1.00");

        (await _teller.GetAsync($"/v1/accounts/{account}/{question}")).IsProblem(status, code);
    }

    private async Task<Answer> ChangesAsync(string account, string query) =>
        (await _teller.GetAsync($"/v1/accounts/{account}/changes{query}")).Ok();

    private async Task<Answer> ExplainAsync(string account, string query) =>
        (await _teller.GetAsync($"/v1/accounts/{account}/balance/explain{query}")).Ok();

    private async Task<Answer> MistakesAsync(string account, string query) =>
        (await _teller.GetAsync($"/v1/accounts/{account}/balance/mistakes{query}")).Ok();

    private async Task DepositAsync(string accountId, string amount, DateTimeOffset? effectiveAt = null) =>
        (await _teller.PostAsync("/v1/deposits", new { accountId, amount = Eur(amount), reason = "test", effectiveAt })).Created();

    private async Task CorrectAsync(string transaction, object body) =>
        (await _teller.PostAsync($"/v1/transactions/{transaction}/corrections", body)).Created();

    private static object Eur(string value) => new { value, currency = "EUR" };

    private static string Summary(JsonElement change) => change.GetProperty("event").Text("type") + " "
        + string.Join(',', change.GetProperty("after").EnumerateObject().Select(m => m.Name));

    private static string AfterText(JsonElement change) => change.GetProperty("after").GetProperty("balance").Text("value");

    private static decimal Balance(JsonElement change, string side) => Decimal(change.GetProperty(side).GetProperty("balance"));

    private static decimal Decimal(JsonElement amount) =>
        decimal.Parse(amount.Text("value"), global::System.Globalization.CultureInfo.InvariantCulture);
}
