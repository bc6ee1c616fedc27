using System.Globalization;
using System.Text;
using Banking.Testing;

namespace Banking.System.Tests;

/// <summary>Balances at past effective and recorded times.</summary>
public sealed class TimeTravelTests(BankFixture bank) : IClassFixture<BankFixture>
{
    private readonly BankClient _teller = bank.As("teller");

    [Fact]
    public async Task A_deposit_recorded_on_Thursday_takes_effect_on_Tuesday()
    {
        var monday = bank.Clock.Now;
        var account = await _teller.OpenAsync(balance: "100.00");
        bank.Clock.Advance(TimeSpan.FromDays(1));
        var tuesday = bank.Clock.Now;
        (await _teller.WithdrawAsync(account, "30.00")).Created();
        bank.Clock.Advance(TimeSpan.FromDays(2));
        var thursday = bank.Clock.Now;
        (
            await _teller.PostAsync(
                "/v1/deposits",
                new
                {
                    accountId = account,
                    amount = new { value = "5.00", currency = "EUR" },
                    reason = "test",
                    effectiveAt = tuesday,
                })).Created();
        bank.Clock.Advance(TimeSpan.FromDays(1));
        var tick = TimeSpan.FromMicroseconds(1);

        // By effective time, as known today; an event at exactly the requested instant is included.
        await BalanceAsync(account, monday - tick, null, "0.00", 0, 0);
        await BalanceAsync(account, monday, null, "100.00", 2, 2);
        await BalanceAsync(account, tuesday - tick, null, "100.00", 2, 2);
        await BalanceAsync(account, tuesday, null, "75.00", 4, 4);
        await BalanceAsync(account, bank.Clock.Now.AddYears(1), null, "75.00", 4, 4);

        // By recorded time; on Tuesday evening the bank did not know of the deposit.
        await BalanceAsync(account, null, tuesday - tick, "100.00", 2, 2);
        await BalanceAsync(account, null, tuesday, "70.00", 3, 3);
        await BalanceAsync(account, null, thursday - tick, "70.00", 3, 3);
        await BalanceAsync(account, null, thursday, "75.00", 4, 4);
        await BalanceAsync(account, null, bank.Clock.Now, "75.00", 4, 4);
        await BalanceAsync(account, tuesday, thursday - tick, "70.00", 3, 3);
        await BalanceAsync(account, tuesday, thursday, "75.00", 4, 4);
        await BalanceAsync(account, tuesday - tick, thursday, "100.00", 2, 2);
        await BalanceAsync(account, monday, monday - tick, "0.00", 0, 0);
    }

    [Fact]
    public async Task What_was_recorded_later_is_in_no_list_as_known_before()
    {
        var account = await _teller.OpenAsync(balance: "100.00");
        (await _teller.WithdrawAsync(account, "900.00")).IsProblem(422, "insufficient_funds");
        var deposit = (await _teller.DepositAsync(account, "30.00")).Created().Text("id");
        var monday = bank.Clock.Now;
        bank.Clock.Advance(TimeSpan.FromDays(1));
        (await _teller.PostAsync(
            $"/v1/transactions/{deposit}/corrections", new { kind = "reversal", reasonCode = "twice", reason = "paid twice" })).Created();
        (await _teller.WithdrawAsync(account, "901.00")).IsProblem(422, "insufficient_funds");
        var known = $"knownAt={monday.Query()}";

        async Task<int> CountAsync(string path) => (await _teller.GetAsync($"/v1/accounts/{account}/{path}")).Ok().Items().Count;
        Assert.Equal((3, 2), (await CountAsync("entries"), await CountAsync($"entries?{known}")));
        Assert.Equal(2, await CountAsync($"entries?from={monday.AddDays(-1).Query()}&{known}"));
        Assert.Equal((4, 3, 2), (await CountAsync("events"), await CountAsync($"events?{known}"), await CountAsync("events?version=2")));
        Assert.Equal((2, 1), (await CountAsync("refusals"), await CountAsync($"refusals?{known}")));
        foreach (var zone in (string[])["", "&tz=Europe/Berlin"])
        {
            var local = zone.Length == 0 ? known : $"knownAt={monday.AddHours(1):yyyy-MM-dd'T'HH:mm:ss}{zone}";
            var figures = (await _teller.GetAsync($"/v1/accounts/{account}/figures?by=day&{local}")).Ok().Items();
            figures[^1].GetProperty("closingBalance").IsMoney("130.00");
        }

        var then = (await _teller.GetAsync($"/v1/transactions/{deposit}?{known}")).Ok();
        var now = (await _teller.GetAsync($"/v1/transactions/{deposit}")).Ok();
        Assert.Equal(("completed", "reversed"), (then.Text("status"), now.Text("status")));
        var reversal = now.Json.GetProperty("present").Text("id");
        (await _teller.GetAsync($"/v1/transactions/{reversal}?{known}")).IsProblem(404, "transaction_not_found");
        (await _teller.GetAsync($"/v1/accounts/{account}/entries?knownAt=2999-01-01T00:00:00Z")).IsProblem(422, "known_in_future");
        (await _teller.GetAsync($"/v1/accounts/{account}/events?version=9")).IsProblem(404, "version_not_found");
    }

    [Fact]
    public async Task A_balance_names_the_events_it_was_computed_from()
    {
        var account = await _teller.OpenAsync(balance: "100.00", overdraftLimit: "50.00");

        var now = (await _teller.GetAsync($"/v1/accounts/{account}/balance")).Ok();

        Assert.Equal(
            ["accountId", "balance", "available", "held", "effectiveAt", "knownAt", "version", "lastEvent", "computedFrom", "links"],
            now.Members());
        now.Json.GetProperty("available").IsMoney("150.00");
        now.Json.GetProperty("held").IsMoney("0.00");
        Assert.Equal((bank.Clock.Now, bank.Clock.Now), (now.Json.Time("effectiveAt"), now.Json.Time("knownAt")));
        Assert.Equal(("2", "\"2\"", "state@2"), (now.Text("version"), now.Header("ETag"), now.Text("computedFrom")));
        Assert.Equal(("accounts.money-deposited.v3", "2"), (now.Text("lastEvent", "type"), now.Text("lastEvent", "version")));
        (await _teller.GetAsync(now.Text("links", "events"))).Ok();
        (await _teller.GetAsync(now.Text("links", "entries"))).Ok();
        var past = (await _teller.GetAsync($"/v1/accounts/{account}/balance?effectiveAt={bank.Clock.Now.Query()}")).Ok();
        Assert.Equal(now.Text("lastEvent"), past.Text("lastEvent"));
        Assert.Equal("2 of 2 events", past.Text("computedFrom"));
    }

    /// <summary>What is recorded later can have read the clock before a balance was answered; only what the answer saw is known.</summary>
    [Fact]
    public async Task The_balance_of_now_names_the_instants_at_which_it_stays_the_same()
    {
        var account = await _teller.OpenAsync(balance: "100.00");
        var recordedAt = bank.Clock.Now;
        bank.Clock.Advance(TimeSpan.FromMinutes(1));

        var now = (await _teller.GetAsync($"/v1/accounts/{account}/balance")).Ok();
        (await _teller.DepositAsync(account, "1.00")).Created();

        Assert.Equal((bank.Clock.Now, recordedAt), (now.Json.Time("effectiveAt"), now.Json.Time("knownAt")));
        Assert.Equal(recordedAt, now.Json.GetProperty("lastEvent").Time("recordedAt"));
        var query = $"effectiveAt={now.Json.Time("effectiveAt").Query()}&knownAt={now.Json.Time("knownAt").Query()}";
        var again = (await _teller.GetAsync($"/v1/accounts/{account}/balance?{query}")).Ok();
        Assert.Equal((now.Text("balance"), now.Text("version")), (again.Text("balance"), again.Text("version")));
    }

    [Fact]
    public async Task Each_version_has_its_balance()
    {
        var account = await _teller.OpenAsync(balance: "100.00");
        (await _teller.WithdrawAsync(account, "30.00")).Created();

        foreach (var (version, balance) in new[] { (1, "0.00"), (2, "100.00"), (3, "70.00") })
        {
            var at = (await _teller.GetAsync($"/v1/accounts/{account}/balance?version={version}")).Ok();
            Assert.Equal((balance, $"{version}"), (at.Text("balance", "value"), at.Text("version")));
        }

        Assert.Equal(3, (await _teller.GetAsync($"/v1/accounts/{account}/balance?version=4"))
            .IsProblem(404, "version_not_found").GetProperty("version").GetInt64());
        foreach (var query in (string[])["version=0", "version=-1", "version=two", "version=", "version=99999999999999999999",
            "version=1&knownAt=2026-01-01T00:00:00Z", "version=1&effectiveAt=2026-01-01T00:00:00Z"])
        {
            (await _teller.GetAsync($"/v1/accounts/{account}/balance?{query}")).IsProblem(400, "malformed_version");
        }

        (await _teller.GetAsync($"/v1/accounts/{account}/balance?version=1&version=2")).IsProblem(400, "repeated_parameter");
    }

    [Fact]
    public async Task An_account_is_shown_as_it_was()
    {
        var days = new List<DateTimeOffset>();
        var before = NextDay();
        var account = await _teller.OpenAsync(balance: "100.00", overdraftLimit: "50.00");
        NextDay();
        await AskAsync(account, "freeze", new { scope = "debit", reasonCode = "fraud", reason = "asked" });
        NextDay();
        await AskAsync(account, "overdraft-limit", new { limit = "20.00", reasonCode = "asked", reason = "asked" });
        NextDay();
        await AskAsync(account, "unfreeze", new { scope = "debit", reasonCode = "fraud", reason = "asked" });
        (await _teller.WithdrawAsync(account, "100.00")).Created();
        NextDay();
        await AskAsync(account, "close", new { reasonCode = "asked", reason = "asked" });
        var closed = bank.Clock.Now;

        foreach (var axis in (string[])["effectiveAt", "knownAt"])
        {
            (await GetAsync($"{axis}={before.Query()}")).IsProblem(404, "account_not_open_yet");
            Assert.Equal(
                ["open 50.00 false 100.00 150.00 2", "open 50.00 true 100.00 150.00 3", "open 20.00 true 100.00 120.00 4",
                    "open 20.00 false 0.00 20.00 6", "closed 20.00 false 0.00 20.00 7"],
                await Task.WhenAll(days.Skip(1).Append(closed).Select(async day => Shown((await GetAsync($"{axis}={day.Query()}")).Ok()))));
        }

        Assert.Equal("open 20.00 true 100.00 120.00 4", Shown((await GetAsync("version=4")).Ok()));
        (await GetAsync("version=8")).IsProblem(404, "version_not_found");
        (await GetAsync("version=4&knownAt=2026-01-01T00:00:00Z")).IsProblem(400, "malformed_version");
        var (now, past) = ((await GetAsync("")).Ok(), (await GetAsync($"effectiveAt={closed.Query()}")).Ok());
        Assert.Equal(now.Members().Concat(["effectiveAt", "knownAt"]), past.Members());
        Assert.Equal(("\"7\"", null), (now.Header("ETag"), past.Header("ETag")));

        DateTimeOffset NextDay()
        {
            days.Add(bank.Clock.Now);
            bank.Clock.Advance(TimeSpan.FromDays(1));
            return days[^1];
        }

        Task<Answer> GetAsync(string query) => _teller.GetAsync($"/v1/accounts/{account}?{query}");

        static string Shown(Answer answer) => string.Join(
            ' ', answer.Text("status"), answer.Text("overdraftLimit", "value"), answer.Text("frozen", "debit"),
            answer.Text("balance", "value"), answer.Text("available", "value"), answer.Text("version"));
    }

    private async Task AskAsync(string account, string what, object body) =>
        (await bank.As("operator").PostAsync($"/v1/accounts/{account}/{what}", body)).Ok();

    private async Task BalanceAsync(string account, DateTimeOffset? effectiveAt, DateTimeOffset? knownAt, string balance, int version,
        int events)
    {
        var query = new StringBuilder("?");
        query.Append(effectiveAt is { } effective ? $"effectiveAt={effective.Query()}&" : "").Append(knownAt is { } known
            ? $"knownAt={known.Query()}" : "");
        var answer = (await _teller.GetAsync($"/v1/accounts/{account}/balance{query}")).Ok();
        var total = (await _teller.GetAsync($"/v1/accounts/{account}")).Text("version");
        Assert.Equal(
            (balance, version.ToString(CultureInfo.InvariantCulture), $"{events} of {total} events"),
            (answer.Text("balance", "value"), answer.Text("version"), answer.Text("computedFrom")));
        Assert.Equal((effectiveAt ?? bank.Clock.Now, knownAt ?? bank.Clock.Now),
            (answer.Json.Time("effectiveAt"), answer.Json.Time("knownAt")));
    }
}
