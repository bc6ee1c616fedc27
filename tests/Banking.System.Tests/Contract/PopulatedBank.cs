using Banking.Testing;

namespace Banking.System.Tests.Contract;

/// <summary>A bank in which everything that a GET can show has happened.</summary>
public sealed class PopulatedBank : BankFixture, IAsyncLifetime
{
    private readonly Dictionary<string, string[]> _values = new()
    {
        ["name"] = ["ledger"],
        ["type"] = ["banking.account.money-deposited.v1"],
    };

    protected override string[] Settings => [.. base.Settings, .. LocalWebhooks];

    /// <summary>An address of a path that leads to nothing.</summary>
    public static string Nowhere(string path) =>
        path.IndexOf('{', StringComparison.Ordinal) is > 0 and var at ? path[..at] + "nothing" + Rest(path) : path;

    /// <summary>The addresses of a path for the things in this bank, and further ones with queries.</summary>
    public IReadOnlyList<string> AddressesOf(string path)
    {
        var name = path.Contains("/ledger/accounts/", StringComparison.Ordinal) ? "ledgerAccount"
            : path.Split('/').FirstOrDefault(p => p.StartsWith('{'))?.Trim('{', '}').Replace("}.json", "", StringComparison.Ordinal);
        var query = path switch
        {
            "/v1/feed/completeness" => "?account=" + _values["account"][0],
            "/v1/feed/deliveries" => "?eventId=" + _values["event"][0],
            "/v1/ledger/accounts/{account}/mistakes" => "?currency=EUR&expected=1.00",
            "/v1/accounts/{account}/balance/mistakes" => "?expected=1.00",
            _ => "",
        };
        string[] addresses = name is null
            ? [path + query]
            : [.. _values[name].Select(value => path[..path.IndexOf('{', StringComparison.Ordinal)] + value + Rest(path) + query)];
        return [.. addresses, .. Queries(path).Select(q => addresses[0] + q)];
    }

    async ValueTask IAsyncLifetime.InitializeAsync()
    {
        await InitializeAsync();
        var teller = As("teller");
        await MoveMoneyAsync(teller);
        await PublishAsync(teller);
        await RebuildAsync();
        await SimulateAsync(teller);
        // Read models and publishers must have all of the month first.
        (await Eventually.UntilAsync(
            () => As("operator").PostAsync("/v1/periods/2026-10/close", new { reasonCode = "month-end", reason = "October is over" }),
            a => a.StatusCode != 409)).Ok();
        _values["month"] = ["2026-10", "2026-11"];
        // The read models that the answers come from have all of it.
        foreach (var model in (string[])["/v1/ledger/trial-balance", "/v1/entries", "/audit/events", "/v1/accounts"])
        {
            (await As("operator").GetCurrentAsync(model, await this.LastAsync())).Ok();
        }
    }

    private async Task MoveMoneyAsync(BankClient teller)
    {
        var customer = (await teller.PostAsync("/v1/customers", new { name = "Ada", email = "ada@example.org", phone = "+49 30 1" }))
            .Created().Text("id");
        var start = Clock.Now.AddDays(-29);
        var from = await teller.OpenAsync(customer, balance: "100.00", overdraftLimit: "50.00", effectiveAt: start);
        var to = await teller.OpenAsync(customer, effectiveAt: start);
        var deposit = (await teller.PostAsync(
            "/v1/deposits",
            new { accountId = from, amount = Eur("70.00"), reason = "late", effectiveAt = Clock.Now.AddDays(-20), reference = "r-1" }))
            .Created().Text("id");
        var withdrawal = (await teller.WithdrawAsync(from, "5.00")).Created().Text("id");
        var transfer = (await teller.TransferAsync(from, to, "20.00")).Created().Text("id");
        (await teller.WithdrawAsync(from, "5000.00")).IsProblem(422, "insufficient_funds");
        var correction = (await teller.PostAsync(
            $"/v1/transactions/{transfer}/corrections",
            new { kind = "amount", amount = Eur("19.00"), reasonCode = "typo", reason = "one too many" })).Created().Text("id");
        _values["proposal"] = [.. await ProposeAsync(teller, withdrawal)];
        (await teller.PostAsync($"/v1/accounts/{to}/freeze", new { scope = "debit", reasonCode = "fraud", reason = "a report" })).Ok();
        var statement = (await teller.PostAsync($"/v1/accounts/{from}/statements", new { from = "2026-10-20", to = "2026-11-01" }))
            .Created().Text("id");
        _values["refusal"] = [(await teller.GetAsync($"/v1/accounts/{from}/refusals")).Ok().Items()[0].GetProperty("id").GetString()!];
        (_values["customer"], _values["account"], _values["statement"]) = ([customer], [from, to], [statement]);
        (_values["deposit"], _values["withdrawal"], _values["transfer"]) = ([deposit], [withdrawal], [transfer]);
        _values["transaction"] = [deposit, withdrawal, transfer, correction];
        _values["event"] = [(await teller.GetAsync($"/v1/accounts/{from}/events")).Ok().Items()[^1].Text("id")];
    }

    /// <summary>One proposal of each end that its approval can have, and an open one.</summary>
    private async Task<IReadOnlyList<string>> ProposeAsync(BankClient teller, string withdrawal)
    {
        var account = await teller.OpenAsync(balance: "10.00");
        var deposit = (await teller.DepositAsync(account, "5.00")).Created().Text("id");
        var refused = await ProposedAsync(teller, deposit);
        (await teller.WithdrawAsync(account, "15.00")).Created();
        string[] proposals = [refused.Id, .. await Task.WhenAll(Enumerable.Range(0, 3).Select(async _ =>
            (await ProposedAsync(teller, withdrawal)).Id))];
        (await teller.PostAsync($"/v1/proposals/{proposals[3]}/approve", new { commandHash = refused.Hash }))
            .IsProblem(422, "own_proposal");
        foreach (var proposal in proposals[..3])
        {
            var hash = (await teller.GetAsync($"/v1/proposals/{proposal}")).Ok().Text("commandHash");
            (await As("operator").PostAsync($"/v1/proposals/{proposal}/approve", new { commandHash = hash })).Ok();
        }

        return proposals;
    }

    private static async Task<(string Id, string Hash)> ProposedAsync(BankClient teller, string transaction)
    {
        var proposed = await teller.PostAsync(
            $"/v1/transactions/{transaction}/corrections?propose=true", new { kind = "reversal", reasonCode = "twice", reason = "r" });
        Assert.Equal(202, proposed.StatusCode);
        return (proposed.Text("id"), proposed.Text("commandHash"));
    }

    private async Task PublishAsync(BankClient teller)
    {
        var operators = As("operator");
        var account = _values["account"][0];
        var webhook = (await operators.PostAsync(
            "/v1/webhooks", new { url = "http://127.0.0.1:1/", accounts = new[] { account }, description = "for a test" }))
            .Created().Text("id");
        var subscription = (await teller.PostAsync("/v1/notification-subscriptions", new { account, minimum = Eur("1.00") }))
            .Created().Text("id");
        (await teller.DepositAsync(account, "3.00")).Created();
        (await teller.PostAsync("/v1/notification-subscriptions", new { account })).Created();
        (await teller.PostAsync($"/v1/notification-subscriptions/{subscription}/cancel", new { reason = "enough" })).Ok();
        (await operators.PostAsync($"/v1/webhooks/{webhook}/secret/rotate", new { graceHours = 5 })).Ok();
        (await operators.PostAsync("/ops/outbox/modules/hold", new { type = Type, reasonCode = "test", reason = "x" })).Ok();
        _values["webhook"] = [webhook];
        await Eventually.UntilAsync(
            async () => (await operators.GetAsync("/v1/webhooks/" + webhook)).Ok().Body,
            body => body.Contains("lastError", StringComparison.Ordinal));
        await Eventually.UntilAsync(
            async () => (await teller.GetAsync("/v1/notifications")).Ok().Items().Count, count => count > 0);
    }

    private async Task RebuildAsync()
    {
        var operators = As("operator");
        var reason = new { reasonCode = "test", reason = "to see it" };
        Assert.Equal(202, (await operators.PostAsync("/ops/projections/ledger/rebuild", reason)).StatusCode);
        await Eventually.UntilAsync(
            async () => (await operators.GetAsync("/ops/projections/ledger/rebuild")).Ok().Text("state"), s => s is "serving" or "active");
        Assert.Equal(202, (await operators.PostAsync("/ops/projections/ledger/candidate", reason)).StatusCode);
        _values["ledgerAccount"] =
            [.. (await operators.GetAsync("/v1/ledger/accounts")).Ok().Items().Select(i => i.GetProperty("account").GetString()!)];
    }

    private async Task SimulateAsync(BankClient teller)
    {
        var simulation = (await teller.PostAsync(
            "/v1/simulations",
            new { accounts = _values["account"], overdraftLimit = Eur("0.00"), changes = new[] { new { omit = _values["deposit"][0] } } }))
            .Text("id");
        _values["simulation"] = [simulation];
        await Eventually.UntilAsync(
            async () => (await teller.GetAsync("/v1/simulations/" + simulation)).Ok().Text("state"), s => s == "finished");
    }

    private static string[] Queries(string path) => path switch
    {
        "/v1/accounts/{account}" => ["?version=1"],
        "/v1/accounts/{account}/balance" =>
            ["?effectiveAt=2026-11-01T12:00:00Z", "?version=1", "?effectiveAt=2026-11-01T12:00&tz=Europe/Berlin"],
        "/v1/accounts/{account}/refusals" => ["?knownAt=2026-11-01T12:00:00Z"],
        "/v1/accounts/{account}/changes" => ["?axis=effective&limit=1"],
        "/v1/accounts/{account}/balance/explain" => ["?version=1", "?effectiveAt=2026-11-01T12:00:00Z&from=2026-10-01"],
        "/v1/accounts/{account}/balance/explain/movements" => ["?limit=1", "?kind=deposit"],
        "/v1/accounts/{account}/entries" or "/v1/accounts/{account}/events" or "/audit/events" or "/v1/entries" => ["?limit=1"],
        "/v1/deposits" or "/v1/withdrawals" or "/v1/transfers" =>
            ["?limit=1", "?from=2026-10-01&tz=Europe/Berlin", "?minAmount=1.00&currency=EUR&reason=test"],
        "/v1/accounts/{account}/figures" or "/v1/ledger/figures" => ["?by=day", "?by=month&from=2026-11-01"],
        "/v1/ledger/trial-balance" or "/v1/ledger/balance-sheet" => ["?date=2026-11-01&knownAt=2026-11-17T00:00:00Z"],
        "/v1/feed" => ["?limit=1"],
        _ => [],
    };

    private const string Type = "banking.account.account-closed.v1";

    private static string Rest(string path) => path[(path.IndexOf('}', StringComparison.Ordinal) + 1)..];

    private static object Eur(string value) => new { value, currency = "EUR" };
}
