using System.Text.Json;
using Banking.Testing;

namespace Banking.System.Tests;

/// <summary>The lists of deposits, withdrawals and transfers: their order, their filters, and what a customer sees of them.</summary>
public sealed class TransactionListTests(BankFixture bank) : IClassFixture<BankFixture>
{
    private readonly BankClient _teller = bank.As("teller");

    [Fact]
    public async Task Each_list_has_its_kind_of_transactions_the_last_recorded_first_as_they_are_by_id()
    {
        var (from, to) = (await _teller.OpenAsync(balance: "100.00"), await _teller.OpenAsync());
        var ids = new Dictionary<string, List<string>> { ["deposits"] = [], ["withdrawals"] = [], ["transfers"] = [] };
        for (var i = 0; i < 3; i++)
        {
            bank.Clock.Advance(TimeSpan.FromMinutes(1));
            ids["deposits"].Insert(0, (await _teller.DepositAsync(from, "3.00")).Created().Text("id"));
            ids["withdrawals"].Insert(0, (await _teller.WithdrawAsync(from, "2.00")).Created().Text("id"));
            ids["transfers"].Insert(0, (await _teller.TransferAsync(from, to, "1.00")).Created().Text("id"));
        }

        foreach (var (kind, expected) in ids)
        {
            await CurrentAsync();
            var pages = await Pages.AllAsync(_teller, $"/v1/{kind}?account={from}", 2);
            Assert.Equal(expected, pages.SelectMany(p => p).Select(Id).Take(3));
            Assert.All(pages.SkipLast(1), p => Assert.Equal(2, p.Count));
            foreach (var item in pages.SelectMany(p => p))
            {
                Assert.Equal((await _teller.GetAsync($"/v1/{kind}/{Id(item)}")).Ok().Body.TrimEnd(), item.GetRawText());
            }

            // The list of the whole bank has the same transactions in the same order.
            Assert.Equal(expected, (await _teller.GetAsync($"/v1/{kind}?limit=3")).Ok().Items().Select(Id));
        }
    }

    [Fact]
    public async Task Each_filter_narrows_the_list_and_all_must_match()
    {
        var start = bank.Clock.Now;
        var opened = start.AddDays(-9);
        var (from, to) = (await _teller.OpenAsync(effectiveAt: opened), await _teller.OpenAsync(effectiveAt: opened));
        (await _teller.PostAsync("/v1/deposits", new { accountId = from, amount = Eur("900.00"), reason = "test", effectiveAt = opened }))
            .Created();
        bank.Clock.Advance(TimeSpan.FromHours(1));
        var small = await PayAsync(new { amount = Eur("10.00"), reason = "rent" }, "corr-1");
        bank.Clock.Advance(TimeSpan.FromHours(1));
        var large = await PayAsync(new { amount = Eur("200.00"), reason = "car" }, "corr-2");
        bank.Clock.Advance(TimeSpan.FromHours(1));
        var late = await PayAsync(new { amount = Eur("10.00"), reason = "rent", effectiveAt = start.AddDays(-2) }, "corr-2");
        await CurrentAsync();

        foreach (var (filter, expected) in Cases(start, small, large, late))
        {
            Assert.Equal((filter, string.Join(' ', expected)), (filter, await FoundAsync($"account={from}&{filter}")));
            // The payee's account has the same transfers.
            Assert.Equal((filter, string.Join(' ', expected)), (filter, await FoundAsync($"account={to}&{filter}")));
        }

        Assert.Equal($"{late} {large}", await FoundAsync("correlationId=corr-2"));
        Assert.Equal(late, await FoundAsync($"correlationId=corr-2&limit=1&to={start.Query()}"));

        async Task<string> FoundAsync(string query) =>
            string.Join(' ', (await _teller.GetAsync("/v1/transfers?" + query.TrimEnd('&'))).Ok().Items().Select(Id));

        async Task<string> PayAsync(object command, string correlation)
        {
            var body = JsonSerializer.SerializeToNode(command, JsonSerializerOptions.Web)!.AsObject();
            (body["fromAccountId"], body["toAccountId"]) = (from, to);
            return (await _teller.PostAsync("/v1/transfers", body, ("X-Correlation-ID", correlation))).Created().Text("id");
        }
    }

    [Fact]
    public async Task A_customer_sees_only_transactions_of_their_own_accounts_and_each_transfer_once()
    {
        var (customer, other) = (await _teller.RegisterAsync(), await _teller.RegisterAsync());
        var (ada, ben) = (bank.As("customer", customer), bank.As("customer", other));
        var (first, second) = (await _teller.OpenAsync(customer, balance: "100.00"), await _teller.OpenAsync(customer));
        var foreign = await _teller.OpenAsync(other, balance: "100.00");
        var within = (await ada.TransferAsync(first, second, "5.00")).Created().Text("id");
        var paid = (await ada.TransferAsync(first, foreign, "6.00")).Created().Text("id");
        var received = (await ben.TransferAsync(foreign, second, "7.00")).Created().Text("id");
        await CurrentAsync();

        var transfers = (await ada.GetAsync("/v1/transfers")).Ok().Items();

        Assert.Equal([received, paid, within], transfers.Select(Id));
        Assert.Equal([false, true, true], transfers.Select(t => t.TryGetProperty("balance", out _)));
        Assert.Equal([false, true, true], transfers.Select(t => t.TryGetProperty("reason", out _)));
        Assert.Equal([received, paid], (await ben.GetAsync("/v1/transfers")).Ok().Items().Select(Id));
        Assert.Single((await ada.GetAsync("/v1/deposits")).Ok().Items());
        Assert.Empty((await ada.GetAsync("/v1/withdrawals")).Ok().Items());
        (await ada.GetAsync($"/v1/deposits?account={foreign}")).IsProblem(404, "account_not_found");
        // A search must not reveal the reason of another's command.
        Assert.Equal([paid, within], (await ada.GetAsync("/v1/transfers?reason=test")).Ok().Items().Select(Id));
        Assert.Empty((await bank.As("customer", await _teller.RegisterAsync()).GetAsync("/v1/transfers")).Ok().Items());
    }

    [Fact]
    public async Task Pages_of_several_accounts_of_a_customer_have_each_transfer_once_in_the_order_of_recording()
    {
        var customer = await _teller.RegisterAsync();
        var accounts = new List<string>();
        foreach (var _ in Enumerable.Range(0, 3))
        {
            accounts.Add(await _teller.OpenAsync(customer, balance: "100.00"));
        }

        var ada = bank.As("customer", customer);
        var ids = new List<string>();
        for (var i = 0; i < 9; i++)
        {
            bank.Clock.Advance(TimeSpan.FromSeconds(1));
            ids.Insert(0, (await ada.TransferAsync(accounts[i % 3], accounts[(i + 1 + i / 3 % 2) % 3], "1.00")).Created().Text("id"));
        }

        await CurrentAsync();
        var pages = await Pages.AllAsync(ada, "/v1/transfers", 2);

        Assert.Equal(ids, pages.SelectMany(p => p).Select(Id));
        Assert.All(pages.SkipLast(1), p => Assert.Equal(2, p.Count));
    }

    [Fact]
    public async Task A_rare_reason_is_found_behind_more_deposits_than_are_read_at_once()
    {
        var account = await _teller.OpenAsync();
        var rare = (await _teller.PostAsync("/v1/deposits", new { accountId = account, amount = Eur("3.00"), reason = "rare" }))
            .Created().Text("id");
        bank.Clock.Advance(TimeSpan.FromSeconds(1));
        (await _teller.PostAsync("/v1/deposits/batch", new
        {
            mode = "atomic",
            items = Enumerable.Range(0, 600).Select(_ => new
            {
                idempotencyKey = BankClient.NewKey(),
                command = new { accountId = account, amount = Eur("1.00"), reason = "test" },
            }),
        })).Ok();
        await CurrentAsync();

        Assert.Equal([rare], (await _teller.GetAsync("/v1/deposits?reason=rare")).Ok().Items().Select(Id));
        Assert.Equal([rare], (await _teller.GetAsync($"/v1/deposits?reason=rare&account={account}")).Ok().Items().Select(Id));
    }

    [Theory]
    [InlineData("minAmount=1.00", "unknown_currency")]
    [InlineData("minAmount=1.001&currency=EUR", "invalid_amount")]
    [InlineData("minAmount=2.00&maxAmount=1.00&currency=EUR", "malformed_filter")]
    [InlineData("currency=XXY", "unknown_currency")]
    [InlineData("account=acc_1", "malformed_account")]
    [InlineData("reason=%00", "malformed_filter")]
    [InlineData("correlationId=", "malformed_filter")]
    [InlineData("from=2026-02-01&to=2026-01-01", "malformed_period")]
    [InlineData("recordedFrom=2026-02-01&recordedTo=2026-01-01", "malformed_period")]
    [InlineData("from=yesterday", "malformed_time")]
    [InlineData("from=2026-02-01&tz=Berlin", "malformed_time")]
    [InlineData("from=1900-01-01", "malformed_time")]
    [InlineData("tz=Europe/Berlin", "time_zone_not_applicable")]
    public async Task A_filter_that_cannot_be_honoured_is_an_error(string query, string code)
    {
        foreach (var kind in (string[])["deposits", "withdrawals", "transfers"])
        {
            (await _teller.GetAsync($"/v1/{kind}?{query}")).IsProblem(400, code);
        }
    }

    [Fact]
    public async Task The_address_of_a_list_is_that_of_its_command()
    {
        foreach (var kind in (string[])["deposits", "withdrawals", "transfers"])
        {
            var head = await _teller.SendAsync(HttpMethod.Head, $"/v1/{kind}", null);
            Assert.Equal((200, ""), (head.StatusCode, head.Body));
            Assert.NotNull(head.Header("Ledger-Position"));
            var options = await bank.Anonymous().SendAsync(HttpMethod.Options, $"/v1/{kind}", null);
            Assert.Equal((204, "GET,POST,HEAD,OPTIONS"), (options.StatusCode, options.Header("Allow")));
            (await _teller.SendAsync(HttpMethod.Delete, $"/v1/{kind}", null)).IsProblem(405, "method_not_allowed");
        }
    }

    [Fact]
    public async Task A_refusal_is_found_by_its_id_by_those_who_may_see_the_account()
    {
        var customer = await _teller.RegisterAsync();
        var account = await _teller.OpenAsync(customer);
        (await _teller.WithdrawAsync(account, "1.00")).IsProblem(422, "insufficient_funds");
        var listed = (await _teller.GetAsync($"/v1/accounts/{account}/refusals")).Ok().Items()[0];
        var path = "/v1/refusals/" + Id(listed);

        Assert.Equal(listed.GetRawText(), (await _teller.GetAsync(path)).Ok().Body.TrimEnd());
        var own = (await bank.As("customer", customer).GetAsync(path)).Ok();
        Assert.Equal("insufficient_funds", own.Code);
        Assert.DoesNotContain("actor", own.Members());
        (await bank.As("customer", await _teller.RegisterAsync()).GetAsync(path)).IsProblem(404, "refusal_not_found");
        (await _teller.GetAsync("/v1/refusals/ref_0198f000000070008000000000000001")).IsProblem(404, "refusal_not_found");
        (await _teller.GetAsync("/v1/refusals/" + Id(listed)[4..])).IsProblem(404, "refusal_not_found");
    }

    private static (string Filter, string[] Expected)[] Cases(DateTimeOffset start, string small, string large, string late) =>
    [
        ("", [late, large, small]),
        ("minAmount=10.01&currency=EUR", [large]),
        ("maxAmount=10&currency=EUR", [late, small]),
        ("minAmount=10.00&maxAmount=200.00&currency=EUR", [late, large, small]),
        ("minAmount=0&currency=USD", []),
        ("currency=EUR&reason=car", [large]),
        ("reason=rent", [late, small]),
        ("reason=ren", []),
        ("correlationId=corr-2", [late, large]),
        ("correlationId=corr-2&reason=rent", [late]),
        ($"from={start.Query()}", [large, small]),
        ($"to={start.Query()}", [late]),
        ($"from={start.AddDays(-3):yyyy-MM-dd}&to={start.AddDays(-1):yyyy-MM-dd}&tz=Europe/Berlin", [late]),
        ($"recordedFrom={start.AddHours(2).Query()}", [late, large]),
        ($"recordedTo={start.AddHours(2).Query()}", [small]),
        ($"recordedFrom={start.AddHours(2).Query()}&recordedTo={start.AddHours(3).Query()}", [large]),
    ];

    private async Task CurrentAsync() => (await _teller.GetCurrentAsync("/v1/entries", await bank.LastAsync())).Ok();

    private static string Id(JsonElement item) => item.GetProperty("id").GetString()!;

    private static object Eur(string value) => new { value, currency = "EUR" };
}
