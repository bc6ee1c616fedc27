using System.Globalization;
using System.Text.Json;
using Banking.Accounts;
using Banking.Accounts.Contracts;
using Banking.Commands.Imports;
using Banking.Commands.Periods;
using Banking.EventStore.Appending;
using Banking.SharedKernel;
using Banking.Testing;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Banking.Periods.Tests;

/// <summary>Closing a month, what is refused from then on, and reopening it.</summary>
public sealed class PeriodTests : PeriodBank
{
    private const string TrialBalance = "/v1/ledger/trial-balance?date=2026-11-30";

    [Fact]
    public async Task A_closed_month_takes_no_bookings_and_its_trial_balance_stays_the_same_when_it_is_corrected()
    {
        var account = await Teller.OpenAsync();
        var deposit = (await DepositAsync(Teller, account, "100.00", null)).Created();
        await RefusedWithoutWaitingAsync();
        await SetClockAsync(December.AddSeconds(9));
        (await CloseAsync("2026-11")).IsProblem(422, "period_not_ended");
        await SetClockAsync(December.AddMinutes(2));

        var closed = (await CloseAsync("2026-11")).Ok();

        Assert.Equal(("closed", "2026-11-01", "2026-12-01"), (closed.Text("status"), closed.Text("from"), closed.Text("to")));
        var total = closed.Json.GetProperty("closing").GetProperty("totals")[0];
        Assert.Equal(
            ("EUR", "100.00", "100.00", "100.00", "1"),
            (Member("currency"), Member("debits"), Member("credits"), Member("customerDeposits"), Member("entries")));
        string Member(string name) => total.GetProperty(name).ToString();
        Assert.Equal(
            ["open-commands", "accounts", "candidates", "differences", "due-commands", "ledger-sums", "publishers", "read-models"],
            closed.Json.GetProperty("closing").GetProperty("checks").EnumerateArray().Select(c => c.GetProperty("name").GetString()));
        var before = (await Person("olga").GetAsync(TrialBalance)).Ok().Body;
        Clock.Advance(TimeSpan.FromHours(1));

        var late = (await DepositAsync(Teller, account, "1.00", December.AddTicks(-10))).IsProblem(409, "period_closed");
        Assert.Equal(December, late.GetProperty("openFrom").GetDateTimeOffset());
        (await OpenAsync(December.AddDays(-1))).IsProblem(409, "period_closed");
        (await OpenAsync(December)).Created();
        (await DepositAsync(Teller, account, "1.00", December)).Created();

        var refused = (await CorrectAsync(deposit.Text("id"), "original")).IsProblem(409, "period_closed");
        Assert.Equal("now", refused.GetProperty("effective").GetString());
        (await CorrectAsync(deposit.Text("id"), "original", "?dryRun=true")).IsProblem(409, "period_closed");
        var preview = (await CorrectAsync(deposit.Text("id"), "now", "?dryRun=true")).Ok();
        Assert.Contains("2026-12-01T01:02:00", preview.Body, StringComparison.Ordinal);
        (await CorrectAsync(deposit.Text("id"), "now")).Created();

        Assert.Equal(before, (await Person("olga").GetCurrentAsync(TrialBalance, await EndAsync())).Body);
        Assert.Equal("1.00", await Teller.BalanceAsync(account));
        Assert.Empty(await VerifyAsync());

        Task<Answer> CorrectAsync(string transaction, string effective, string query = "") => Teller.PostAsync(
            $"/v1/transactions/{transaction}/corrections{query}",
            new { kind = "reversal", reasonCode = "twice", reason = "paid twice", effective });

        async Task<Answer> OpenAsync(DateTimeOffset effectiveAt) => await Teller.PostAsync(
            "/v1/accounts", new { customerId = await Teller.RegisterAsync(), currency = "EUR", effectiveAt });
    }

    [Fact]
    public async Task A_correction_that_was_proposed_before_the_closing_is_refused_at_its_approval_and_what_if_ignores_closed_months()
    {
        var account = await Teller.OpenAsync(balance: "100.00");
        var deposit = (await DepositAsync(Teller, account, "40.00", null)).Created().Text("id");
        var booked = Clock.Now;
        await SetClockAsync(December.AddMinutes(-30));
        var original = await ProposeAsync("original");
        var later = await ProposeAsync("now");
        await SetClockAsync(December.AddMinutes(2));
        (await CloseAsync("2026-11")).Ok();
        Clock.Advance(TimeSpan.FromHours(1));
        (await ProposeAsync("original")).IsProblem(409, "period_closed");
        (await DepositAsync(Teller, account, "7.00", December.AddDays(-2))).IsProblem(409, "period_closed");

        var refused = (await ApproveAsync(original)).Ok();
        var executed = (await ApproveAsync(later)).Ok();

        Assert.Equal(("refused", "period_closed"), (refused.Text("status"), refused.Text("refusal", "code")));
        Assert.Equal("executed", executed.Text("status"));
        Assert.Equal("100.00", await Teller.BalanceAsync(account));
        var amount = new { value = "9.00", currency = "EUR" };
        var inserted = new { kind = "withdrawal", accountId = account, at = December.AddMinutes(30), amount };
        var result = await SimulatedAsync(account, new { insert = inserted with { at = booked.AddHours(1) } }, new { insert = inserted });
        var totals = result.GetProperty("totals");
        Assert.Equal(
            ("2", "0", "0"), (totals.GetProperty("inserted").ToString(), totals.GetProperty("insertedRefused").ToString(),
                totals.GetProperty("refusalsThatVanish").ToString()));
        Assert.Equal(
            "82.00", result.GetProperty("accounts")[0].GetProperty("simulated").GetProperty("balance").GetProperty("value").GetString());
        Assert.Equal("0", (await SimulatedAsync(account)).GetProperty("totals").GetProperty("accountsThatDiffer").ToString());

        Task<Answer> ProposeAsync(string effective) => Person("olga").PostAsync(
            $"/v1/transactions/{deposit}/corrections?propose=true",
            new { kind = "reversal", reasonCode = "twice", reason = "paid twice", effective });

        Task<Answer> ApproveAsync(Answer proposal) => Person("otto").PostAsync(
            $"/v1/proposals/{proposal.Text("id")}/approve", new { commandHash = proposal.Text("commandHash") });
    }

    private async Task<JsonElement> SimulatedAsync(string account, params object[] changes)
    {
        var started = await Teller.PostAsync("/v1/simulations", new { accounts = new[] { account }, changes });
        Assert.True(started.StatusCode == 202, started.Body);
        var ended = await Eventually.UntilAsync(
            async () => (await Teller.GetAsync($"/v1/simulations/{started.Text("id")}")).Ok(), a => a.Text("state") is not "running");
        return ended.Json.GetProperty("result");
    }

    /// <summary>A month that has not ended is refused without waiting for a command that has not ended.</summary>
    private async Task RefusedWithoutWaitingAsync()
    {
        await using var writer = await Owner.OpenConnectionAsync();
        await using var open = await writer.BeginTransactionAsync();
        await using var locking = new NpgsqlCommand("select from bank.mt_streams limit 1 for update", writer, open);
        await locking.ExecuteNonQueryAsync();
        (await CloseAsync("2026-11").WaitAsync(TimeSpan.FromSeconds(10))).IsProblem(422, "period_not_ended");
    }

    [Fact]
    public async Task Months_are_closed_in_order_and_only_the_newest_is_reopened_by_a_second_person()
    {
        var account = await Teller.OpenAsync();
        await SetClockAsync(December.AddMonths(1).AddMinutes(2));
        (await CloseAsync("2026-13")).IsProblem(400, "malformed_month");
        (await CloseAsync("2006-10")).IsProblem(404, "period_not_found");
        (await CloseAsync("2026-10")).Ok();
        (await CloseAsync("2026-12")).IsProblem(409, "period_out_of_order");
        (await CloseAsync("2026-11")).Ok();
        (await CloseAsync("2026-12")).Ok();
        (await CloseAsync("2026-10")).IsProblem(409, "period_already_closed");

        (await ReopenAsync("2026-12", "")).IsProblem(422, "approval_required");
        (await ReopenAsync("2026-11", "?propose=true")).IsProblem(409, "period_not_newest_closed");
        var proposed = await ReopenAsync("2026-12", "?propose=true");
        Assert.True(proposed.StatusCode == 202, proposed.Body);
        (await ApproveAsync("olga", proposed)).IsProblem(422, "own_proposal");
        (await DepositAsync(Teller, account, "1.00", December.AddDays(9))).IsProblem(409, "period_closed");
        Assert.Equal("executed", (await ApproveAsync("otto", proposed)).Ok().Text("status"));

        (await DepositAsync(Teller, account, "1.00", December.AddDays(9))).Created();
        (await DepositAsync(Teller, account, "1.00", December.AddDays(-1))).IsProblem(409, "period_closed");
        var reopened = await PeriodAsync("2026-12");
        Assert.Equal("open", reopened.Text("status"));
        var changes = reopened.Json.GetProperty("changes").EnumerateArray().ToList();
        Assert.Equal(["closed", "open"], changes.Select(c => c.GetProperty("status").GetString()));
        Assert.Equal(("otto", "olga"), (changes[1].GetProperty("by").GetString(), changes[1].GetProperty("proposedBy").GetString()));
        var list = (await Teller.GetAsync("/v1/periods?limit=2")).Ok();
        Assert.Equal(
            ["2027-01 running", "2026-12 open"],
            list.Items().Select(p => $"{p.GetProperty("month").GetString()} {p.GetProperty("status").GetString()}"));
        var last = (await Teller.GetAsync($"/v1/periods?limit=2&cursor={list.NextCursor()}")).Ok();
        Assert.Equal(["2026-11", "2026-10"], last.Items().Select(p => p.GetProperty("month").GetString()));
        (await Teller.GetAsync("/v1/periods/2026-09")).IsProblem(404, "period_not_found");
        (await CloseAsync("2026-12")).Ok();
        Assert.Empty(await VerifyAsync());

        Task<Answer> ReopenAsync(string month, string query) => Person("olga").PostAsync($"/v1/periods/{month}/reopen{query}", Because);

        Task<Answer> ApproveAsync(string subject, Answer proposal) => Person(subject).PostAsync(
            $"/v1/proposals/{proposal.Text("id")}/approve", new { commandHash = proposal.Text("commandHash") });
    }

    [Fact]
    public async Task A_check_that_fails_is_named_and_after_the_closing_neither_an_import_nor_a_forged_booking_passes()
    {
        await Teller.OpenAsync(balance: "5.00");
        await SetClockAsync(December.AddMinutes(2));
        await QueryAsync(
            "insert into platform.due (id, operation, due_at, command, correlation_id) "
                + "values (gen_random_uuid(), 'test.unknown.v1', '2026-11-30', '{}', 'test') returning 1");
        await QueryAsync(
            "update accounts.mt_doc_account set data = jsonb_set(data, '{balance,minor}', '501') returning 1");

        await Eventually.UntilAsync(
            () => QueryAsync("update ledger.gl_day set debits = debits + 1, credits = credits + 1 returning 1"), rows => rows.Count > 0);
        var preview = (await CloseAsync("2026-11", "?dryRun=true")).Ok();
        await QueryAsync("update ledger.gl_day set debits = debits - 1, credits = credits - 1 returning 1");
        await QueryAsync("delete from platform.due returning 1");
        var refused = (await CloseAsync("2026-11")).IsProblem(409, "period_not_ready");

        Assert.Equal("period_not_ready", preview.Text("problem", "code"));
        Assert.Equal(
            ["accounts", "due-commands", "ledger-sums"],
            preview.Json.GetProperty("closing").GetProperty("checks").EnumerateArray().Where(c => !c.GetProperty("isPassed").GetBoolean())
                .Select(c => c.GetProperty("name").GetString()));
        Assert.Equal("accounts", Assert.Single(refused.GetProperty("checks").EnumerateArray()).GetProperty("name").GetString());
        Assert.Equal("open", (await PeriodAsync("2026-11")).Text("status"));
        await QueryAsync("update accounts.mt_doc_account set data = jsonb_set(data, '{balance,minor}', '500') returning 1");
        Assert.False((await CloseAsync("2026-11", "?dryRun=true")).Ok().Json.TryGetProperty("problem", out _));
        (await CloseAsync("2026-11")).Ok();
        var import = new HistoryImport(
            Store, Database, Clock, new([], new()), Host.Services.GetRequiredService<IClosedPeriods>());

        await Assert.ThrowsAsync<PeriodClosedException>(() => ImportAsync(December.AddTicks(-10)));
        await ImportAsync(December);

        await QueryAsync(
            "update ledger.gl_day set debits = debits + 1, credits = credits + 1 where effective_on = '2026-11-17' returning 1");
        Assert.Contains(await VerifyAsync(), d => d is { Model: "periods", Table: "totals of 2026-11" });

        async Task ImportAsync(DateTimeOffset opened)
        {
            Assert.True(PublicId.TryParse("cus", await Teller.RegisterAsync(), out var owner));
            var id = opened.Ticks.ToString(CultureInfo.InvariantCulture)[^6..];
            var history = new AccountHistory(
                Ids.Next(Clock), AccountNumber.Create("XB", "OLD000000" + id), id, owner, [], Currency.Parse("EUR"), "current", opened,
                new("test", "accounts", 1, id), []);
            await AccountsModule.ImportAsync(import, "test", [history], _ => { }, CancellationToken.None);
        }
    }

    private async Task<string> EndAsync() => (await QueryAsync("select max(seq_id) from bank.mt_events"))[0];
}
