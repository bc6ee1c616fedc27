using System.Text.Json;
using System.Text.Json.Nodes;
using Banking.SharedKernel;
using Banking.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Banking.System.Tests;

/// <summary>A customer sees and moves what is theirs. Of the rest, not even that it exists can be learned.</summary>
public sealed class OwnershipTests(BankFixture bank) : IClassFixture<BankFixture>
{
    private const string Nobody = "0198f000000070008000000000000001";

    private readonly BankClient _teller = bank.As("teller");

    public static TheoryData<string> AccountReads =>
        ["", "/balance", "/entries", "/events", "/refusals", "/balance?version=1", "/entries?limit=0"];

    [Theory]
    [MemberData(nameof(AccountReads))]
    public async Task Anothers_account_is_answered_as_one_that_does_not_exist(string route)
    {
        var (ada, _) = await CustomerAsync();
        var (_, account) = await CustomerAsync();
        var number = (await _teller.GetAsync($"/v1/accounts/{account}")).Text("number");
        var unused = AccountNumber.Create("XB", "NOBODY000001").Value;

        await SameAsync(name => ada.GetAsync($"/v1/accounts/{name}{route}"), account, "acc_" + Nobody);
        await SameAsync(name => ada.GetAsync($"/v1/accounts/{name}{route}"), number, unused);
        await SameAsync(name => ada.GetAsync($"/v1/accounts/{name}{route}"), account, "garbage");
    }

    [Fact]
    public async Task No_money_leaves_anothers_account_and_the_no_does_not_tell_it_from_a_missing_one()
    {
        var (ada, own) = await CustomerAsync();
        var (_, account) = await CustomerAsync();
        var before = await bank.RowsAsync();

        await SameAsync(from => ada.WithdrawAsync(from, "1.00"), account, "acc_" + Nobody);
        await SameAsync(from => ada.TransferAsync(from, own, "1.00"), account, "acc_" + Nobody);
        await SameAsync(from => ada.TransferAsync(from, from, "1.00"), account, "acc_" + Nobody);
        await SameAsync(from => ada.WithdrawAsync(from, "1.00", "EUR", ("If-Match", "\"1\"")), account, "acc_" + Nobody);

        Assert.Equal("100.00", await _teller.BalanceAsync(account));
        Assert.Equal(before, await bank.RowsAsync());
    }

    [Fact]
    public async Task The_entries_of_another_customer_are_as_unknown_as_those_of_nobody()
    {
        var (ada, own) = await CustomerAsync();
        var (_, account) = await CustomerAsync();
        var (mine, theirs) = (
            (await _teller.GetAsync($"/v1/accounts/{own}")).Text("customerId"),
            (await _teller.GetAsync($"/v1/accounts/{account}")).Text("customerId"));
        var position = (await _teller.DepositAsync(own, "1.00")).Created().Header("Ledger-Position")!;

        var entries = (await ada.GetCurrentAsync($"/v1/entries?customerId={mine}", position)).Ok();
        Assert.Equal((await ada.GetAsync("/v1/entries")).Ok().Body, entries.Body);
        Assert.NotEmpty(entries.Items());
        await SameAsync(customer => ada.GetAsync($"/v1/entries?customerId={customer}"), theirs, "cus_" + Nobody);
        (await ada.GetAsync("/v1/entries?customerId=garbage")).IsProblem(400, "malformed_customer_id");
        (await _teller.GetAsync($"/v1/entries?customerId={theirs}")).Ok();
    }

    [Fact]
    public async Task A_list_shows_only_what_is_the_callers()
    {
        var (ada, own) = await CustomerAsync();
        var (_, account) = await CustomerAsync();
        var anothers = await _teller.GetAsync($"/v1/accounts/{account}");

        string[] filters = ["", "?status=open", "?currency=EUR", "?q=XB", $"?q={anothers.Text("number")}",
            $"?number={anothers.Text("number")}",
            $"?customerId={anothers.Text("customerId")}"];
        foreach (var filter in filters)
        {
            var seen = (await ada.GetAsync("/v1/accounts" + filter)).Ok().Items().Select(a => a.GetProperty("id").GetString());
            Assert.Equal(filter.Length < 20 ? [own] : [], seen);
        }
    }

    [Fact]
    public async Task A_customer_pays_from_their_own_account_into_a_foreign_one()
    {
        var (ada, own) = await CustomerAsync();
        var (ben, account) = await CustomerAsync();

        var paid = (await ada.TransferAsync(own, account, "40.00")).Created();
        (await ada.WithdrawAsync(own, "10.00")).Created();

        Assert.Equal("50.00", await ada.BalanceAsync(own));
        Assert.Equal("140.00", await ben.BalanceAsync(account));
        paid.Json.GetProperty("balance").IsMoney("60.00");
        Assert.Equal(["deposit", "transfer-received"], (await ben.GetAsync($"/v1/accounts/{account}/entries")).Items()
            .Select(e => e.GetProperty("type").GetString()));
    }

    [Fact]
    public async Task A_customer_does_not_deposit_open_or_control()
    {
        var (ada, own) = await CustomerAsync();

        (await ada.DepositAsync(own, "1.00")).IsProblem(403, "forbidden");
        (await ada.PostAsync("/v1/customers", new { name = "Eve" })).IsProblem(403, "forbidden");
        (await ada.PostAsync($"/v1/accounts/{own}/overdraft-limit", new { limit = "9999.00", reasonCode = "wish", reason = "Please." }))
            .IsProblem(403, "forbidden");
        Assert.Equal("100.00", await ada.BalanceAsync(own));
    }

    [Fact]
    public async Task Anothers_movements_and_person_are_answered_as_missing()
    {
        var (ada, own) = await CustomerAsync();
        var (ben, account) = await CustomerAsync();
        var deposit = (await _teller.DepositAsync(account, "5.00")).Created();
        var withdrawal = (await ben.WithdrawAsync(account, "1.00")).Created();
        var transfer = (await ben.TransferAsync(account, own, "1.00")).Created();

        foreach (var (kind, movement) in new[] { ("deposits", deposit), ("withdrawals", withdrawal) })
        {
            await SameAsync(id => ada.GetAsync($"/v1/{kind}/{id}"), movement.Text("id"), movement.Text("id")[..4] + Nobody);
            (await ben.GetAsync($"/v1/{kind}/{movement.Text("id")}")).Ok();
        }

        // The payee sees that it came, not what it left behind.
        var received = (await ada.GetAsync($"/v1/transfers/{transfer.Text("id")}")).Ok();
        Assert.DoesNotContain("balance", received.Members());
        Assert.DoesNotContain("version", received.Members());
        Assert.Equal("1.00", received.Text("amount", "value"));

        var (chiyo, _) = await CustomerAsync();
        await SameAsync(id => chiyo.GetAsync($"/v1/transfers/{id}"), transfer.Text("id"), "trf_" + Nobody);
        await SameAsync(id => ada.GetAsync($"/v1/customers/{id}"), (await ben.GetAsync($"/v1/accounts/{account}")).Text("customerId"),
            "cus_" + Nobody);
    }

    private async Task<(BankClient Customer, string Account)> CustomerAsync()
    {
        var customer = await _teller.RegisterAsync();
        return (bank.As("customer", customer), await _teller.OpenAsync(customer, balance: "100.00"));
    }

    private static async Task SameAsync(Func<string, Task<Answer>> ask, string anothers, string missing)
    {
        var (foreign, absent) = (await ask(anothers), await ask(missing));
        Assert.Equal(404, foreign.StatusCode);
        foreign.IsProblem();
        Assert.Equal(Comparable(absent, missing), Comparable(foreign, anothers));
        Assert.Equal(absent.Headers.Keys.Order(), foreign.Headers.Keys.Order());
    }

    private static string Comparable(Answer answer, string name)
    {
        var body = JsonNode.Parse(answer.Body)!.AsObject();
        body.Remove("traceId");
        return answer.StatusCode + " " + body.ToJsonString(JsonSerializerOptions.Web).Replace(name, "…", StringComparison.Ordinal);
    }
}
