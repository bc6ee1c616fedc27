using System.Text;
using System.Text.Json;
using Banking.ReadModels.Verifying;
using Banking.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Banking.System.Tests;

/// <summary>Corrections of transactions over HTTP: what they book, when, and what they refuse.</summary>
public sealed class CorrectionTests(BankFixture bank) : IClassFixture<BankFixture>
{
    private readonly BankClient _teller = bank.As("teller");

    [Fact]
    public async Task A_reversed_deposit_counts_at_no_time_but_what_was_known_before_stays_known()
    {
        var account = await _teller.OpenAsync();
        var paid = bank.Clock.Now;
        var deposit = (await _teller.DepositAsync(account, "100.00")).Created().Text("id");
        bank.Clock.Advance(TimeSpan.FromDays(40));

        var reversal = await CorrectAsync(deposit, new { kind = "reversal", reasonCode = "twice", reason = "paid twice" });

        Assert.Equal((201, "\"3\""), (reversal.StatusCode, reversal.Header("ETag")));
        Assert.Equal($"/v1/transactions/{reversal.Text("id")}", reversal.Header("Location"));
        Assert.Equal(
            ["id", "status", "corrects", "transactionId", "kind", "bookings", "accounts", "recordedAt", "reasonCode", "reason"],
            reversal.Members());
        Assert.Equal(
            [(account, "reversed", "debit", "100.00", paid)], Bookings(reversal.Json.GetProperty("bookings")));
        Assert.Equal(
            ("0.00", "0.00", "100.00"),
            (await BalanceAsync(account, paid, bank.Clock.Now), await BalanceAsync(account, bank.Clock.Now, bank.Clock.Now),
                await BalanceAsync(account, paid, bank.Clock.Now.AddDays(-1))));
        var now = (await _teller.GetAsync($"/v1/transactions/{deposit}")).Ok();
        Assert.Equal(("deposit", "reversed", reversal.Text("id")), (now.Text("type"), now.Text("status"), now.Text("present", "id")));
        var correction = Assert.Single(now.Json.GetProperty("corrections").EnumerateArray());
        Assert.Equal(
            ("reversal", "twice", "paid twice"),
            (correction.GetProperty("kind").GetString(), correction.GetProperty("reason").GetProperty("code").GetString(),
                correction.GetProperty("reason").GetProperty("text").GetString()));
        var entry = (await _teller.GetAsync($"/v1/accounts/{account}/entries")).Items()[^1];
        Assert.Equal(
            (reversal.Text("id"), "reversed", "reversal", deposit, "0.00"),
            (entry.Text("id"), entry.Text("type"), entry.Text("correctionClass"), entry.Text("corrects"),
                entry.GetProperty("balance").Text("value")));
    }

    [Fact]
    public async Task A_correction_effective_now_leaves_the_past_as_it_was()
    {
        var account = await _teller.OpenAsync();
        var paid = bank.Clock.Now;
        var deposit = (await _teller.DepositAsync(account, "100.00")).Created().Text("id");
        bank.Clock.Advance(TimeSpan.FromDays(1));

        await CorrectedAsync(deposit, new { kind = "amount", effective = "now", amount = Eur("40.00"), reasonCode = "typo", reason = "r" });

        Assert.Equal("100.00", await BalanceAsync(account, paid, bank.Clock.Now));
        Assert.Equal("40.00", await BalanceAsync(account, bank.Clock.Now, bank.Clock.Now));
    }

    [Fact]
    public async Task A_date_that_was_corrected_by_mistake_can_be_put_back_after_the_backdating_limit()
    {
        var account = await _teller.OpenAsync();
        var paid = bank.Clock.Now;
        var deposit = (await _teller.DepositAsync(account, "100.00")).Created().Text("id");
        bank.Clock.Advance(TimeSpan.FromDays(400));
        object To(DateTimeOffset effectiveAt) => new { kind = "effective-date", effectiveAt, reasonCode = "typo", reason = "r" };

        var moved = (await CorrectedAsync(deposit, To(bank.Clock.Now))).Text("id");
        Assert.Equal("0.00", await BalanceAsync(account, paid, bank.Clock.Now));
        (await CorrectAsync(moved, To(paid.AddSeconds(-1)))).IsProblem(422, "effective_too_early");
        await CorrectedAsync(moved, To(paid));

        Assert.Equal("100.00", await BalanceAsync(account, paid, bank.Clock.Now));
    }

    [Fact]
    public async Task A_transfer_is_corrected_on_both_accounts_and_can_move_to_another_payee()
    {
        var (from, wrong, right) = (await _teller.OpenAsync(balance: "50.00"), await _teller.OpenAsync(), await _teller.OpenAsync());
        var transfer = (await _teller.TransferAsync(from, wrong, "30.00")).Created().Text("id");
        var at = bank.Clock.Now;

        var corrected = await CorrectedAsync(
            transfer, new { kind = "account", toAccountId = right, reasonCode = "payee", reason = "wrong payee" });

        Assert.Equal(
            [(from, "reversed", "credit", "30.00", at), (wrong, "reversed", "debit", "30.00", at), (from, "rebooked", "debit", "30.00", at),
                (right, "rebooked", "credit", "30.00", at)],
            Bookings(corrected.Json.GetProperty("bookings")));
        Assert.Equal(["20.00", "0.00", "30.00"], await BalancesAsync(from, wrong, right));
        var other = (await _teller.GetAsync($"/v1/transactions/{corrected.Text("id")}")).Ok();
        Assert.Equal(
            ("correction", "completed", transfer, 4),
            (other.Text("type"), other.Text("status"), other.Text("transactionId"), other.Json.GetProperty("bookings").GetArrayLength()));
        await CorrectedAsync(corrected.Text("id"), Reversal);
        Assert.Equal(["50.00", "0.00", "0.00"], await BalancesAsync(from, wrong, right));
    }

    [Fact]
    public async Task Corrections_of_corrections_form_one_chain_of_which_only_the_last_can_be_corrected()
    {
        var (first, other) = (await _teller.OpenAsync(effectiveAt: bank.Clock.Now.AddDays(-9)), await _teller.OpenAsync(
            effectiveAt: bank.Clock.Now.AddDays(-9)));
        var deposit = (await _teller.DepositAsync(first, "100.00")).Created().Text("id");
        var right = bank.Clock.Now.AddDays(-3);
        object[] bodies =
        [
            new { kind = "amount", amount = Eur("70.00"), reasonCode = "typo", reason = "r" },
            new { kind = "account", accountId = other, reasonCode = "typo", reason = "r" },
            new { kind = "effective-date", effectiveAt = right, reasonCode = "typo", reason = "r" },
            new { kind = "duplicate", reasonCode = "twice", reason = "r" },
            Reversal,
        ];
        var last = deposit;
        var balances = new List<string>();
        foreach (var body in bodies)
        {
            var next = (await CorrectedAsync(last, body)).Text("id");
            var again = (await CorrectAsync(last, Reversal)).IsProblem(409, "already_corrected");
            Assert.Equal((last, next), (again.Text("transactionId"), again.Text("correctionId")));
            balances.Add(string.Join(' ', [.. await BalancesAsync(first, other), await BalanceAsync(other, right, bank.Clock.Now)]));
            last = next;
        }

        Assert.Equal(["70.00 0.00 0.00", "0.00 70.00 0.00", "0.00 70.00 70.00", "0.00 0.00 0.00", "0.00 70.00 70.00"], balances);
        var present = (await _teller.GetAsync($"/v1/transactions/{deposit}")).Ok();
        Assert.Equal(
            ["amount", "account", "effective-date", "duplicate", "reversal"],
            present.Json.GetProperty("corrections").EnumerateArray().Select(c => c.Text("kind")));
        Assert.Equal((last, "corrected"), (present.Text("present", "id"), present.Text("status")));
        Assert.Equal(
            [(other, "rebooked", "credit", "70.00", right)], Bookings(present.Json.GetProperty("present").GetProperty("bookings")));
        Assert.Equal([(first, "booked", "credit", "100.00", bank.Clock.Now)], Bookings(present.Json.GetProperty("bookings")));
    }

    [Fact]
    public async Task Of_64_parallel_reversals_one_is_booked_and_a_repeat_gets_its_answer()
    {
        await using var second = await bank.StartAnotherAsync();
        BankClient[] tellers = [_teller, BankFixture.On(second, "teller")];
        var (from, to) = (await _teller.OpenAsync(balance: "100.00"), await _teller.OpenAsync(balance: "1000.00"));
        var transfer = (await _teller.TransferAsync(from, to, "30.00")).Created().Text("id");
        var keys = Enumerable.Range(0, 64).Select(_ => ("Idempotency-Key", BankClient.NewKey())).ToList();

        var answers = await Task.WhenAll(keys.Select((key, i) =>
            tellers[i % 2].PostAsync($"/v1/transactions/{transfer}/corrections", Reversal, key)));

        Assert.Equal(63, answers.Count(a => a is { StatusCode: 409, Code: "already_corrected" }));
        var winner = Array.FindIndex(answers, a => a.StatusCode == 201);
        Assert.Equal(["100.00", "1000.00"], await BalancesAsync(from, to));
        foreach (var i in (int[])[winner, winner == 0 ? 1 : 0])
        {
            var again = await _teller.PostAsync($"/v1/transactions/{transfer}/corrections", Reversal, keys[i]);
            Assert.Equal((answers[i].Body, "true"), (again.Body, again.Header("Idempotency-Replayed")));
        }
    }

    [Fact]
    public async Task A_correction_that_would_overdraw_an_account_at_any_time_is_refused_whole()
    {
        var (from, to) = (await _teller.OpenAsync(balance: "100.00"), await _teller.OpenAsync());
        var transfer = (await _teller.TransferAsync(from, to, "30.00")).Created().Text("id");
        var spent = bank.Clock.Now;
        bank.Clock.Advance(TimeSpan.FromDays(1));
        (await _teller.WithdrawAsync(to, "10.00")).Created();
        var withdrawn = bank.Clock.Now;
        bank.Clock.Advance(TimeSpan.FromDays(1));
        (await _teller.DepositAsync(to, "500.00")).Created();

        var no = (await CorrectAsync(transfer, Reversal)).IsProblem(422, "insufficient_funds");

        Assert.Equal((to, "20.00", "30.00"), (
            no.Text("accountId"), no.GetProperty("available").Text("value"), no.GetProperty("requested").Text("value")));
        Assert.Equal((spent, withdrawn), (no.Time("effectiveAt"), no.Time("lowestAt")));
        Assert.Equal(["70.00", "520.00"], await BalancesAsync(from, to));
        var refusal = (await _teller.GetAsync($"/v1/accounts/{from}/refusals")).Items()[0];
        Assert.Equal("insufficient_funds", refusal.Text("code"));
        // From now on there is enough; and 20 of the 30 were there at all times.
        await CorrectedAsync(transfer, new { kind = "amount", amount = Eur("10.00"), reasonCode = "typo", reason = "r" });
        Assert.Equal(["90.00", "500.00"], await BalancesAsync(from, to));
    }

    [Fact]
    public async Task A_frozen_account_is_corrected_in_the_other_direction_only_and_a_closed_one_not_at_all()
    {
        var account = await _teller.OpenAsync(balance: "10.00");
        var deposit = (await _teller.DepositAsync(account, "10.00")).Created().Text("id");
        var withdrawal = (await _teller.WithdrawAsync(account, "10.00")).Created().Text("id");
        (await _teller.PostAsync($"/v1/accounts/{account}/freeze", new { scope = "debit", reasonCode = "r", reason = "r" })).Ok();

        (await CorrectAsync(deposit, Reversal)).IsProblem(422, "account_frozen");
        await CorrectedAsync(deposit, new { kind = "amount", amount = Eur("11.00"), reasonCode = "typo", reason = "r" });
        await CorrectedAsync(withdrawal, Reversal);

        (await _teller.PostAsync($"/v1/accounts/{account}/unfreeze", new { scope = "debit", reasonCode = "r", reason = "r" })).Ok();
        var last = (await _teller.WithdrawAsync(account, "21.00")).Created().Text("id");
        (await _teller.PostAsync($"/v1/accounts/{account}/close", new { reasonCode = "r", reason = "r" })).Ok();
        (await CorrectAsync(last, Reversal)).IsProblem(409, "account_closed");
    }

    [Fact]
    public async Task Tellers_and_operators_correct_and_a_customer_sees_the_bookings_on_accounts_that_the_customer_may_see()
    {
        var (ada, ben) = (await _teller.RegisterAsync(), await _teller.RegisterAsync("Ben"));
        var (hers, his) = (await _teller.OpenAsync(ada), await _teller.OpenAsync(ben));
        var deposit = (await _teller.DepositAsync(hers, "5.00")).Created().Text("id");
        var customer = bank.As("customer", ada);

        (await customer.PostAsync($"/v1/transactions/{deposit}/corrections", Reversal)).IsProblem(403, "forbidden");
        (await bank.As("auditor").PostAsync($"/v1/transactions/{deposit}/corrections", Reversal)).IsProblem(403, "forbidden");
        var moved = (await bank.As("operator").PostAsync(
            $"/v1/transactions/{deposit}/corrections",
            new { kind = "account", accountId = his, reasonCode = "mistake", reason = "Not hers." })).Created().Text("id");

        var seen = (await customer.GetAsync($"/v1/transactions/{deposit}")).Ok();
        Assert.Equal(("reversed", 0), (seen.Text("status"), seen.Json.GetProperty("present").GetProperty("bookings").GetArrayLength()));
        Assert.DoesNotContain(his, seen.Body, StringComparison.Ordinal);
        Assert.DoesNotContain("Not hers.", seen.Body, StringComparison.Ordinal);
        Assert.DoesNotContain(his, (await customer.GetAsync($"/v1/transactions/{moved}")).Ok().Body, StringComparison.Ordinal);
        (await bank.As("customer", ben).GetAsync($"/v1/transactions/{deposit}")).IsProblem(404, "transaction_not_found");
        Assert.Equal(
            [(his, "rebooked", "credit", "5.00", bank.Clock.Now)],
            Bookings((await bank.As("customer", ben).GetAsync($"/v1/transactions/{moved}")).Ok().Json.GetProperty("bookings")));
    }

    [Fact]
    public async Task A_dry_run_shows_the_balances_that_the_correction_then_makes_and_changes_no_row_of_any_table()
    {
        var (from, to) = (await _teller.OpenAsync(balance: "50.00"), await _teller.OpenAsync(balance: "5.00"));
        var paid = bank.Clock.Now;
        var transfer = (await _teller.TransferAsync(from, to, "30.00")).Created().Text("id");
        bank.Clock.Advance(TimeSpan.FromDays(3));
        var position = (await _teller.DepositAsync(to, "1.00")).Created().Header("Ledger-Position")!;
        await _teller.GetCurrentAsync("/v1/entries", position);
        await bank.As("auditor").GetCurrentAsync("/v1/ledger/trial-balance", position);
        await bank.As("auditor").GetCurrentAsync("/audit/events", position);
        var body = new { kind = "amount", amount = Eur("20.00"), reasonCode = "typo", reason = "r" };
        var path = $"/v1/transactions/{transfer}/corrections";
        var before = await bank.EveryTableAsync();

        var key = ("Idempotency-Key", BankClient.NewKey());
        var shown = (await _teller.PostAsync(path + "?dryRun=true", body, key)).Ok();
        var refused = await _teller.PostAsync(
            path + "?dryRun=true", new { kind = "amount", amount = Eur("90.00"), reasonCode = "c", reason = "r" });

        refused.IsProblem(422, "insufficient_funds");
        Assert.Equal(before, await bank.EveryTableAsync());
        Assert.Equal(
            [
                (from, paid, "20.00", "30.00"), (from, bank.Clock.Now, "20.00", "30.00"),
                (to, paid, "35.00", "25.00"), (to, bank.Clock.Now, "36.00", "26.00"),
            ],
            Balances(shown));
        var booked = (await _teller.PostAsync(path, body, key)).Created();
        Assert.Equal(shown.Text("bookings"), booked.Text("bookings"));
        foreach (var (account, at, _, after) in Balances(shown))
        {
            Assert.Equal(after, await BalanceAsync(account, at, bank.Clock.Now));
        }

        (await _teller.PostAsync(path + "?dryRun=true", body)).IsProblem(409, "already_corrected");
        (await _teller.SendAsync(HttpMethod.Post, path + "?dryRun=true", Json(body))).IsProblem(400, "idempotency_key_missing");
        (await _teller.PostAsync(path + "?dryRun=yes", body)).IsProblem(400, "malformed_dry_run");
        (await _teller.PostAsync(path + "?dryRun=", body)).IsProblem(400, "malformed_dry_run");
        (await _teller.PostAsync(path + "?dryRun=true", new { kind = "reversal", reasonCode = "c" })).IsProblem(400, "reason_required");
    }

    [Fact]
    public async Task A_dry_run_names_the_issued_statements_that_the_correction_would_change()
    {
        var account = await _teller.OpenAsync();
        var deposit = (await _teller.DepositAsync(account, "9.00")).Created().Text("id");
        var paid = DateOnly.FromDateTime(bank.Clock.Now.UtcDateTime);
        bank.Clock.Advance(TimeSpan.FromDays(4));
        var issued = new List<string>();
        foreach (var from in new[] { paid, paid.AddDays(1) })
        {
            var period = new { from = $"{from:yyyy-MM-dd}", to = $"{from.AddDays(1):yyyy-MM-dd}" };
            issued.Add((await _teller.PostAsync($"/v1/accounts/{account}/statements", period)).Created().Text("id"));
        }

        async Task<IEnumerable<string?>> ChangedAsync(object body) =>
            (await _teller.PostAsync($"/v1/transactions/{deposit}/corrections?dryRun=true", body)).Ok()
                .Json.GetProperty("accounts")[0].GetProperty("statements").EnumerateArray().Select(s => s.GetString());

        Assert.Equal(issued, await ChangedAsync(Reversal));
        Assert.Empty(await ChangedAsync(new { kind = "reversal", effective = "now", reasonCode = "c", reason = "r" }));
        var later = bank.Clock.Now.AddDays(-3);
        Assert.Equal(
            issued, await ChangedAsync(new { kind = "effective-date", effectiveAt = later, reasonCode = "c", reason = "r" }));
        var sameDay = bank.Clock.Now.AddDays(-4).AddMinutes(1);
        Assert.Equal(
            issued[..1], await ChangedAsync(new { kind = "effective-date", effectiveAt = sameDay, reasonCode = "c", reason = "r" }));
    }

    [Fact]
    public async Task Corrections_agree_with_the_log_wherever_they_are_stored()
    {
        var (from, to) = (await _teller.OpenAsync(balance: "50.00"), await _teller.OpenAsync());
        var transfer = (await _teller.TransferAsync(from, to, "30.00")).Created().Text("id");
        var corrected = await CorrectedAsync(transfer, new { kind = "amount", amount = Eur("20.00"), reasonCode = "typo", reason = "r" });
        await CorrectedAsync(corrected.Text("id"), Reversal);

        var verified = await bank.Host.Services.GetRequiredService<Verification>()
            .RunAsync(Guid.Empty, null, _ => { }, CancellationToken.None);

        Assert.Empty(verified.Differences);
    }

    public static TheoryData<string, int, string> Refusals => new()
    {
        { """{"kind":"amount","amount":{"value":"5.00","currency":"EUR"},"reasonCode":"c","reason":"r"}""", 422, "nothing_to_correct" },
        { """{"kind":"amount","amount":{"value":"5.00","currency":"USD"},"reasonCode":"c","reason":"r"}""", 422, "currency_mismatch" },
        { """{"kind":"amount","reasonCode":"c","reason":"r"}""", 422, "correction_member_missing" },
        { """{"kind":"account","reasonCode":"c","reason":"r"}""", 422, "correction_member_missing" },
        { """{"kind":"effective-date","reasonCode":"c","reason":"r"}""", 422, "correction_member_missing" },
        {
            """{"kind":"reversal","amount":{"value":"5.00","currency":"EUR"},"reasonCode":"c","reason":"r"}""", 422,
            "correction_member_unfit"
        },
        { """{"kind":"account","accountId":"{account}","reasonCode":"c","reason":"r"}""", 422, "nothing_to_correct" },
        { """{"kind":"account","toAccountId":"{account}","reasonCode":"c","reason":"r"}""", 422, "correction_member_unfit" },
        {
            """{"kind":"account","accountId":"acc_0198f000000070008000000000000001","reasonCode":"c","reason":"r"}""", 404,
            "account_not_found"
        },
        {
            """{"kind":"effective-date","effectiveAt":"2030-01-01T00:00:00Z","reasonCode":"c","reason":"r"}""", 422,
            "effective_in_future"
        },
        {
            """{"kind":"effective-date","effectiveAt":"2001-01-01T00:00:00Z","reasonCode":"c","reason":"r"}""", 422,
            "effective_too_early"
        },
        {
            """{"kind":"effective-date","effectiveAt":"{yesterday}","reasonCode":"c","reason":"r"}""", 422,
            "effective_before_opening"
        },
        {
            """{"kind":"effective-date","effective":"now","effectiveAt":"2026-11-01T00:00:00Z","reasonCode":"c","reason":"r"}""", 422,
            "correction_member_unfit"
        },
        { """{"kind":"reversal","reasonCode":"c"}""", 400, "reason_required" },
        { """{"kind":"reversal","reason":"r"}""", 422, "reason_required" },
    };

    [Theory]
    [MemberData(nameof(Refusals))]
    public async Task A_correction_that_does_not_fit_its_transaction_is_refused(string body, int status, string code)
    {
        var account = await _teller.OpenAsync();
        var deposit = (await _teller.DepositAsync(account, "5.00")).Created().Text("id");

        (await _teller.PostTextAsync(
            $"/v1/transactions/{deposit}/corrections",
            body.Replace("{account}", account, StringComparison.Ordinal)
                .Replace("{yesterday}", $"{bank.Clock.Now.AddDays(-1):O}", StringComparison.Ordinal)))
            .IsProblem(status, code);

        Assert.Equal("5.00", await _teller.BalanceAsync(account));
    }

    [Fact]
    public async Task An_unknown_transaction_is_not_found_and_a_reversal_can_only_be_reversed()
    {
        var account = await _teller.OpenAsync();
        var deposit = (await _teller.DepositAsync(account, "5.00")).Created().Text("id");
        var reversal = (await CorrectedAsync(deposit, Reversal)).Text("id");

        (await CorrectAsync(reversal, new { kind = "duplicate", reasonCode = "c", reason = "r" })).IsProblem(422, "nothing_in_effect");
        foreach (var id in (string[])["wdr" + deposit[3..], "cor" + deposit[3..], "dep" + reversal[3..], "evt" + deposit[3..], "garbage"])
        {
            (await CorrectAsync(id, Reversal)).IsProblem(404, "transaction_not_found");
            (await _teller.GetAsync($"/v1/transactions/{id}")).IsProblem(404, "transaction_not_found");
        }

        (await _teller.SendAsync(HttpMethod.Post, $"/v1/transactions/{reversal}/corrections", Json(Reversal)))
            .IsProblem(400, "idempotency_key_missing");
    }

    private static object Reversal => new { kind = "reversal", reasonCode = "mistake", reason = "a mistake" };

    private static object Eur(string value) => new { value, currency = "EUR" };

    private static StringContent Json(object body) => new(
        JsonSerializer.Serialize(body, JsonSerializerOptions.Web), Encoding.UTF8, "application/json");

    /// <summary>The account, effective time, and balance before and after, of each balance that a dry run shows.</summary>
    private static IEnumerable<(string Account, DateTimeOffset At, string Before, string After)> Balances(Answer preview) =>
        from account in preview.Json.GetProperty("accounts").EnumerateArray()
        from balance in account.GetProperty("balances").EnumerateArray()
        select (
            account.Text("id"), balance.Time("effectiveAt"), balance.GetProperty("knownBefore").Text("value"),
            balance.GetProperty("knownAfter").Text("value"));

    private static IEnumerable<(string, string, string, string, DateTimeOffset)> Bookings(JsonElement bookings) =>
        bookings.EnumerateArray().Select(b => (
            b.Text("accountId"), b.Text("type"), b.Text("direction"), b.GetProperty("amount").Text("value"), b.Time("effectiveAt")));

    private Task<Answer> CorrectAsync(string transaction, object body) =>
        _teller.PostAsync($"/v1/transactions/{transaction}/corrections", body);

    private async Task<Answer> CorrectedAsync(string transaction, object body) => (await CorrectAsync(transaction, body)).Created();

    private async Task<string[]> BalancesAsync(params string[] accounts) => await Task.WhenAll(accounts.Select(_teller.BalanceAsync));

    private async Task<string> BalanceAsync(string account, DateTimeOffset effectiveAt, DateTimeOffset knownAt) =>
        (await _teller.GetAsync($"/v1/accounts/{account}/balance?effectiveAt={effectiveAt.Query()}&knownAt={knownAt.Query()}")).Ok()
            .Text("balance", "value");
}
