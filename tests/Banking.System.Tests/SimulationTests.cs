using System.Text.Json;
using Banking.Testing;

namespace Banking.System.Tests;

/// <summary>Simulations over HTTP: the questions that staff ask, what is refused, and that nothing of the bank changes.</summary>
public sealed class SimulationTests(BankFixture bank) : IClassFixture<BankFixture>
{
    private readonly BankClient _teller = bank.As("teller");

    [Fact]
    public async Task Without_a_deposit_the_withdrawals_that_it_paid_for_would_have_been_refused()
    {
        var account = await _teller.OpenAsync(balance: "10.00");
        var salary = (await _teller.DepositAsync(account, "100.00")).Created().Text("id");
        var small = (await _teller.WithdrawAsync(account, "8.00")).Created().Text("id");
        var large = (await _teller.WithdrawAsync(account, "60.00")).Created().Text("id");

        var result = await SimulateAsync(new { accounts = new[] { account }, changes = new[] { new { omit = salary } } });

        Assert.Equal([("omitted", salary, ""), ("refused", large, "insufficient_funds")], Differences(result));
        Assert.DoesNotContain(small, result.ToString(), StringComparison.Ordinal);
        Assert.Equal((1, 0), (Total(result, "refusalsThatAppear"), Total(result, "refusalsThatVanish")));
        var shown = Assert.Single(result.GetProperty("accounts").EnumerateArray());
        Assert.Equal(("42.00", "2.00"), (Balance(shown, "real"), Balance(shown, "simulated")));
        var day = Assert.Single(shown.GetProperty("timeline").EnumerateArray());
        Assert.Equal(("42.00", "2.00"), (day.GetProperty("real").Text("value"), day.GetProperty("simulated").Text("value")));
    }

    [Fact]
    public async Task Under_another_limit_refused_commands_would_have_been_accepted_and_corrections_follow()
    {
        var (account, other) = (await _teller.OpenAsync(balance: "10.00"), await _teller.OpenAsync());
        (await _teller.WithdrawAsync(account, "300.00")).IsProblem(422, "insufficient_funds");
        (await _teller.TransferAsync(account, other, "150.00")).IsProblem(422, "insufficient_funds");
        (await _teller.WithdrawAsync(account, "800.00")).IsProblem(422, "insufficient_funds");

        var result = await SimulateAsync(new
        {
            accounts = new[] { account, other },
            overdraftLimit = new { value = "500.00", currency = "EUR" },
        });

        Assert.Equal(2, Total(result, "refusalsThatVanish"));
        Assert.Equal(
            [("accepted", "insufficient_funds"), ("accepted", "insufficient_funds")],
            result.GetProperty("differences").EnumerateArray().Select(d => (d.Text("kind"), d.Text("wasRefused"))));
        Assert.Equal(
            [("10.00", "-440.00"), ("0.00", "150.00")],
            new[] { account, other }.Select(id => result.GetProperty("accounts").EnumerateArray().Single(a => a.Text("accountId") == id))
                .Select(a => (Balance(a, "real"), Balance(a, "simulated"))));
        Assert.Empty(result.GetProperty("takenAsGiven").EnumerateArray());
    }

    [Fact]
    public async Task A_transfer_that_would_have_been_refused_is_missing_on_both_sides_and_an_account_outside_is_taken_as_given()
    {
        var (payer, payee, outside) = (await _teller.OpenAsync(), await _teller.OpenAsync(), await _teller.OpenAsync(balance: "5.00"));
        var paid = (await _teller.DepositAsync(payer, "50.00")).Created().Text("id");
        var transfer = (await _teller.TransferAsync(payer, payee, "50.00")).Created().Text("id");
        var spent = (await _teller.TransferAsync(payee, outside, "20.00")).Created().Text("id");
        var back = (await _teller.TransferAsync(outside, payee, "25.00")).Created().Text("id");

        var result = await SimulateAsync(new { accounts = new[] { payer, payee }, changes = new[] { new { omit = paid } } });

        Assert.Equal(
            [("omitted", paid, ""), ("refused", transfer, "insufficient_funds"), ("refused", spent, "insufficient_funds")],
            Differences(result));
        Assert.DoesNotContain(back, result.GetProperty("differences").ToString(), StringComparison.Ordinal);
        Assert.Equal([outside], result.GetProperty("takenAsGiven").EnumerateArray().Select(o => o.GetString()));
    }

    [Fact]
    public async Task A_transfer_from_outside_that_an_account_refused_would_have_arrived_without_its_freeze()
    {
        var (payer, payee) = (await _teller.OpenAsync(balance: "50.00"), await _teller.OpenAsync());
        (await FreezeAsync(payee)).Ok();
        var freeze = (await _teller.GetAsync($"/v1/accounts/{payee}/events")).Items()[^1].Text("id");
        (await _teller.TransferAsync(payer, payee, "20.00")).IsProblem(422, "payee_account_frozen");

        var result = await SimulateAsync(new { accounts = new[] { payee }, changes = new[] { new { omit = freeze } } });

        Assert.Equal((1, 1), (Total(result, "refusedCommands"), Total(result, "refusalsThatVanish")));
        var shown = Assert.Single(result.GetProperty("accounts").EnumerateArray());
        Assert.Equal(("0.00", "20.00"), (Balance(shown, "real"), Balance(shown, "simulated")));
        Assert.Equal([payer], result.GetProperty("takenAsGiven").EnumerateArray().Select(o => o.GetString()));
    }

    [Fact]
    public async Task A_cohort_is_the_accounts_of_a_product_and_a_customer_has_the_accounts_that_it_owns()
    {
        var product = "what-if-cohort";
        var customer = await _teller.RegisterAsync();
        var ids = new List<string>();
        foreach (var currency in new[] { "EUR", "EUR", "JPY" })
        {
            ids.Add((await _teller.PostAsync("/v1/accounts", new { customerId = customer, currency, product })).Created().Text("id"));
        }

        (await _teller.DepositAsync(ids[2], "500", "JPY")).Created();

        // Commands store the state of an account, and store it again if it is missing.
        await using var command = bank.Owner.CreateCommand("delete from accounts.mt_doc_account where id = $1");
        command.Parameters.Add(new() { Value = Guid.Parse(ids[0][4..]) });
        Assert.Equal(1, await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken));

        Assert.Equal(3, Total(await SimulateAsync(new { cohort = new { product } }), "accounts"));
        Assert.Equal(2, Total(await SimulateAsync(new { cohort = new { product, currency = "EUR" } }), "accounts"));
        var ofCustomer = await SimulateAsync(new { customerId = customer });
        Assert.Equal((3, 0, 0), (Total(ofCustomer, "accounts"), Total(ofCustomer, "accountsThatDiffer"), Total(ofCustomer, "decisions")));
        Assert.Equal(
            ["EUR 0.00 0.00", "JPY 500 500"],
            ofCustomer.GetProperty("balances").EnumerateArray().Select(b =>
                $"{b.Text("currency")} {b.GetProperty("real").Text("value")} {b.GetProperty("simulated").Text("value")}"));
    }

    [Fact]
    public async Task Changed_and_inserted_commands_are_decided_and_issued_statements_that_would_read_otherwise_are_named()
    {
        var account = await _teller.OpenAsync(balance: "100.00", effectiveAt: bank.Clock.Now.AddDays(-3));
        var day = DateOnly.FromDateTime(bank.Clock.Now.UtcDateTime);
        var bill = (await _teller.WithdrawAsync(account, "90.00")).Created().Text("id");
        bank.Clock.Advance(TimeSpan.FromDays(2));
        var statement = (await _teller.PostAsync(
            $"/v1/accounts/{account}/statements",
            new { from = day.ToString("O", null), to = day.AddDays(1).ToString("O", null) })).Created().Text("id");
        var late = (await _teller.WithdrawAsync(account, "10.00")).Created().Text("id");

        var result = await SimulateAsync(new
        {
            accounts = new[] { account },
            changes = new object[]
            {
                new { change = bill, amount = Eur("95.00") },
                new { insert = new { kind = "deposit", accountId = account, at = bank.Clock.Now.AddHours(-1), amount = Eur("1.00") } },
                new { insert = new { kind = "withdrawal", accountId = account, at = bank.Clock.Now.AddHours(-1), amount = Eur("60.00") } },
            },
        });

        Assert.Equal(
            [("changed", bill, ""), ("inserted", "#/changes/1", ""), ("inserted", "#/changes/2", "insufficient_funds"),
                ("refused", late, "insufficient_funds")],
            Differences(result));
        Assert.Equal(1, Total(result, "insertedRefused"));
        var shown = Assert.Single(result.GetProperty("accounts").EnumerateArray());
        Assert.Equal(("0.00", "6.00"), (Balance(shown, "real"), Balance(shown, "simulated")));
        Assert.Equal([statement], shown.GetProperty("statements").EnumerateArray().Select(s => s.GetString()));
    }

    [Fact]
    public async Task No_row_of_the_bank_changes_and_the_answer_is_gone_after_an_hour()
    {
        var account = await _teller.OpenAsync(balance: "10.00");
        var deposit = (await _teller.DepositAsync(account, "5.00")).Created().Text("id");
        (await _teller.WithdrawAsync(account, "50.00")).IsProblem(422, "insufficient_funds");
        foreach (var model in (string[])["/v1/ledger/trial-balance", "/v1/entries", "/audit/events", "/v1/accounts"])
        {
            // Read models follow the log a moment later.
            (await bank.As("operator").GetCurrentAsync(model, await bank.LastAsync())).Ok();
        }

        var before = await bank.EveryTableAsync();

        var answer = await StartAsync(new
        {
            accounts = new[] { account },
            overdraftLimit = Eur("100.00"),
            changes = new object[]
            {
                new { omit = deposit },
                new { insert = new { kind = "deposit", accountId = account, at = bank.Clock.Now, amount = Eur("7.00"), isBooked = true } },
            },
        });
        var simulation = answer.Text("id");
        await FinishedAsync(simulation);

        Assert.Equal(before, await bank.EveryTableAsync());
        Assert.Equal("finished", (await _teller.GetAsync($"/v1/simulations/{simulation}")).Ok().Text("state"));
        bank.Clock.Advance(TimeSpan.FromHours(1));
        (await _teller.GetAsync($"/v1/simulations/{simulation}")).IsProblem(404, "simulation_not_found");
        await SimulateAsync(new { accounts = new[] { account } });
        Assert.Equal(0, await bank.CountAsync("accounts.simulation where id = $1", Guid.Parse(simulation[4..])));
    }

    [Fact]
    public async Task Progress_comes_as_events_and_the_last_one_has_the_answer()
    {
        var account = await _teller.OpenAsync(balance: "10.00");
        var simulation = (await StartAsync(new { accounts = new[] { account } })).Text("id");

        var events = await _teller.GetAsync($"/v1/simulations/{simulation}", ("Accept", "text/event-stream"));

        var last = events.Ok().Body.Trim().Split("\n\n")[^1];
        Assert.StartsWith("event: finished\ndata: {", last, StringComparison.Ordinal);
        Assert.Contains("\"accountsThatDiffer\":0", last, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_cancelled_simulation_is_gone()
    {
        var account = await _teller.OpenAsync();
        var simulation = (await StartAsync(new { accounts = new[] { account } })).Text("id");

        (await _teller.SendAsync(HttpMethod.Delete, $"/v1/simulations/{simulation}", null)).Ok();

        (await _teller.GetAsync($"/v1/simulations/{simulation}")).IsProblem(404, "simulation_not_found");
        (await _teller.SendAsync(HttpMethod.Delete, $"/v1/simulations/{simulation}", null)).IsProblem(404, "simulation_not_found");
    }

    [Fact]
    public async Task A_simulation_that_fails_unexpectedly_says_so()
    {
        var account = await _teller.OpenAsync();
        (await _teller.WithdrawAsync(account, "5.00")).IsProblem(422, "insufficient_funds");
        await using var command = bank.Owner.CreateCommand(
            $"update platform.mt_doc_refusal set data = data - 'code' where data ->> 'streamId' = '{Guid.Parse(account[4..])}'");
        Assert.Equal(1, await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken));
        var simulation = (await StartAsync(new { accounts = new[] { account } })).Text("id");

        var failed = await Eventually.UntilAsync(
            () => _teller.GetAsync($"/v1/simulations/{simulation}"), a => a.Text("state") != "running");

        Assert.Equal(("failed", "internal_error"), (failed.Text("state"), failed.Text("problem", "code")));
    }

    [Fact]
    public async Task Questions_that_do_not_fit_are_refused_with_the_place_of_the_mistake()
    {
        var (account, other) = (await _teller.OpenAsync(balance: "10.00"), await _teller.OpenAsync(balance: "10.00"));
        var elsewhere = (await _teller.DepositAsync(other, "5.00")).Created().Text("id");
        var deposit = (await _teller.DepositAsync(account, "5.00")).Created().Text("id");
        var opened = (await _teller.GetAsync($"/v1/accounts/{account}/events")).Items()[0].Text("id");
        object With(params object[] changes) => new { accounts = new[] { account }, changes };
        object Closing(string of, DateTimeOffset at, object? amount = null) =>
            With(new { insert = new { kind = "close", accountId = of, at, amount } });
        (object Body, int Status, string Code)[] cases =
        [
            (new { }, 422, "simulation_scope"),
            (new { accounts = new[] { account }, customerId = "cus_1" }, 422, "simulation_scope"),
            (new { cohort = new { } }, 422, "simulation_scope"),
            (new { cohort = new { product = "no such product" } }, 422, "simulation_without_accounts"),
            (new { accounts = new[] { "nonsense" } }, 404, "account_not_found"),
            (new { customerId = "nonsense" }, 404, "customer_not_found"),
            (new { accounts = new[] { account }, overdraftLimit = new { value = "5", currency = "JPY" } }, 422, "simulation_change_unfit"),
            (new { accounts = new[] { account }, from = bank.Clock.Now.AddDays(1) }, 422, "simulation_change_unfit"),
            (With(new { }), 422, "simulation_change_unfit"),
            (With(new { omit = deposit, change = deposit }), 422, "simulation_change_unfit"),
            (With(new { change = deposit }), 422, "simulation_change_unfit"),
            (With(new { change = deposit, amount = new { value = "5", currency = "JPY" } }), 422, "simulation_change_unfit"),
            (With(new { change = deposit, effectiveAt = bank.Clock.Now.AddDays(1) }), 422, "simulation_change_unfit"),
            (With(new { omit = deposit }, new { change = deposit, amount = Eur("1.00") }), 422, "simulation_change_unfit"),
            (With(new { omit = opened }), 422, "simulation_change_unfit"),
            (With(new { omit = elsewhere }), 422, "simulated_event_not_found"),
            (With(new { omit = "wdr_" + deposit[4..] }), 422, "simulated_event_not_found"),
            (With(new { omit = "nonsense" }), 422, "simulated_event_not_found"),
            (With(new { insert = new { kind = "deposit", accountId = account, at = bank.Clock.Now } }), 422, "simulation_change_unfit"),
            (Closing(account, bank.Clock.Now, Eur("1.00")), 422, "simulation_change_unfit"),
            (Closing(account, bank.Clock.Now.AddDays(1)), 422, "simulation_change_unfit"),
            (Closing(other, bank.Clock.Now), 422, "simulation_change_unfit"),
        ];

        await AreRefusedAsync(cases);
        (await bank.As("customer", await _teller.RegisterAsync()).PostAsync("/v1/simulations", With())).IsProblem(403, "forbidden");
        (await _teller.GetAsync("/v1/simulations/nonsense")).IsProblem(404, "simulation_not_found");
    }

    [Fact]
    public async Task What_is_null_or_would_be_ignored_is_refused()
    {
        var (account, outside) = (await _teller.OpenAsync(balance: "10.00"), await _teller.OpenAsync());
        (await _teller.PostAsync(
            $"/v1/accounts/{account}/overdraft-limit", new { limit = "7.00", reasonCode = "review", reason = "review" })).Ok();
        (await FreezeAsync(outside)).Ok();
        (await _teller.TransferAsync(account, outside, "1.00")).IsProblem(422, "payee_account_frozen");
        var limit = (await _teller.GetAsync($"/v1/accounts/{account}/events")).Items()[^1].Text("id");
        var refused = (await _teller.GetAsync($"/v1/accounts/{account}/refusals")).Items()[0].Text("id");
        object With(params object?[] changes) => new { accounts = new[] { account }, changes };
        object WithLimit(object change) => new { accounts = new[] { account }, overdraftLimit = Eur("9.00"), changes = new[] { change } };
        object Insertion(string kind, int days, DateTimeOffset? effectiveAt) => new
        {
            insert = new
            {
                kind,
                accountId = account,
                at = bank.Clock.Now.AddDays(days),
                amount = Eur("1.00"),
                effectiveAt,
                isBooked = true,
            },
        };

        await AreRefusedAsync(
            (new { cohort = new { product = "no\0product" } }, 422, "simulation_without_accounts"),
            (new { accounts = new[] { account, null } }, 400, "malformed_json"),
            // A list of accounts may be longer than the body of a command.
            (new { accounts = Enumerable.Range(0, 2_000).Select(_ => $"acc_{Guid.CreateVersion7():n}") }, 404, "account_not_found"),
            (With(new { omit = limit }, null), 400, "malformed_json"),
            (With(new { change = refused, amount = Eur("1.00") }), 422, "simulation_change_unfit"),
            (With(Insertion("deposit", -1, bank.Clock.Now)), 422, "simulation_change_unfit"),
            (WithLimit(new { change = limit, amount = Eur("1.00") }), 422, "simulation_change_unfit"),
            (WithLimit(Insertion("overdraft-limit", 0, null)), 422, "simulation_change_unfit"));
    }

    private async Task AreRefusedAsync(params (object Body, int Status, string Code)[] cases)
    {
        foreach (var (body, status, code) in cases)
        {
            var answer = await _teller.PostAsync("/v1/simulations", body);
            Assert.True(
                (answer.StatusCode, answer.Json.TryGetProperty("code", out var c) ? c.GetString() : null) == (status, code),
                $"{JsonSerializer.Serialize(body)}: {answer.StatusCode} {answer.Body}");
        }
    }

    private Task<Answer> FreezeAsync(string account) =>
        _teller.PostAsync($"/v1/accounts/{account}/freeze", new { scope = "credit", reasonCode = "review", reason = "review" });

    private static object Eur(string value) => new { value, currency = "EUR" };

    private async Task<JsonElement> SimulateAsync(object request) => await FinishedAsync((await StartAsync(request)).Text("id"));

    /// <summary>A host runs one simulation at a time, so that another test may have to end first.</summary>
    private async Task<Answer> StartAsync(object request)
    {
        var started = await Eventually.UntilAsync(() => _teller.PostAsync("/v1/simulations", request), a => a.StatusCode != 503);
        Assert.True(started.StatusCode == 202, started.Body);
        Assert.Equal($"/v1/simulations/{started.Text("id")}", started.Header("Location"));
        return started;
    }

    private async Task<JsonElement> FinishedAsync(string simulation)
    {
        var answer = await Eventually.UntilAsync(
            () => _teller.GetAsync($"/v1/simulations/{simulation}"), a => a.Text("state") != "running");
        Assert.True(answer.Text("state") == "finished", answer.Body);
        return answer.Json.GetProperty("result");
    }

    private static IEnumerable<(string Kind, string Id, string Code)> Differences(JsonElement result) =>
        result.GetProperty("differences").EnumerateArray().Select(d => (
            d.Text("kind"), d.Text("id"), d.TryGetProperty("refusal", out var refusal) ? refusal.Text("code") : ""));

    private static long Total(JsonElement result, string name) => result.GetProperty("totals").GetProperty(name).GetInt64();

    private static string Balance(JsonElement account, string history) =>
        account.GetProperty(history).GetProperty("balance").Text("value");
}
