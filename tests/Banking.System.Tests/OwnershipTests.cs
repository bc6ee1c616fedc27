using System.Text.Json;
using System.Text.Json.Nodes;
using Banking.SharedKernel;
using Banking.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Banking.System.Tests;

/// <summary>A customer sees and uses only their own accounts, and cannot learn that others exist.</summary>
public sealed class OwnershipTests(BankFixture bank) : IClassFixture<BankFixture>
{
    private const string Missing = "0198f000000070008000000000000001";

    private readonly BankClient _teller = bank.As("teller");

    public static TheoryData<string> AccountReads =>
        ["", "/balance", "/entries", "/events", "/refusals", "/balance?version=1", "/entries?limit=0"];

    [Theory]
    [MemberData(nameof(AccountReads))]
    public async Task Another_customers_account_is_answered_like_a_missing_one(string route)
    {
        var (ada, _) = await CustomerAsync();
        var (_, account) = await CustomerAsync();
        var number = (await _teller.GetAsync($"/v1/accounts/{account}")).Text("number");
        var unused = AccountNumber.Create("XB", "MISSING00001").Value;

        await SameAsync(name => ada.GetAsync($"/v1/accounts/{name}{route}"), account, "acc_" + Missing);
        await SameAsync(name => ada.GetAsync($"/v1/accounts/{name}{route}"), number, unused);
        await SameAsync(name => ada.GetAsync($"/v1/accounts/{name}{route}"), account, "garbage");
    }

    [Fact]
    public async Task No_money_leaves_another_customers_account_and_the_answer_is_that_of_a_missing_one()
    {
        var (ada, own) = await CustomerAsync();
        var (_, account) = await CustomerAsync();
        var before = await bank.RowsAsync();

        await SameAsync(from => ada.WithdrawAsync(from, "1.00"), account, "acc_" + Missing);
        await SameAsync(from => ada.TransferAsync(from, own, "1.00"), account, "acc_" + Missing);
        await SameAsync(from => ada.TransferAsync(from, from, "1.00"), account, "acc_" + Missing);
        await SameAsync(from => ada.WithdrawAsync(from, "1.00", "EUR", ("If-Match", "\"1\"")), account, "acc_" + Missing);

        Assert.Equal("100.00", await _teller.BalanceAsync(account));
        Assert.Equal(before, await bank.RowsAsync());
    }

    [Fact]
    public async Task The_entries_of_another_customer_are_answered_like_those_of_a_missing_one()
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
        await SameAsync(customer => ada.GetAsync($"/v1/entries?customerId={customer}"), theirs, "cus_" + Missing);
        (await ada.GetAsync("/v1/entries?customerId=garbage")).IsProblem(400, "malformed_customer_id");
        (await _teller.GetAsync($"/v1/entries?customerId={theirs}")).Ok();
    }

    [Fact]
    public async Task A_list_shows_only_the_callers_accounts()
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
    public async Task A_customer_transfers_from_their_own_account_to_another_customers()
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
    public async Task A_customer_may_not_deposit_register_or_control_accounts()
    {
        var (ada, own) = await CustomerAsync();

        (await ada.DepositAsync(own, "1.00")).IsProblem(403, "forbidden");
        (await ada.PostAsync("/v1/customers", new { name = "Eve" })).IsProblem(403, "forbidden");
        (await ada.PostAsync($"/v1/accounts/{own}/overdraft-limit", new { limit = "9999.00", reasonCode = "wish", reason = "Please." }))
            .IsProblem(403, "forbidden");
        Assert.Equal("100.00", await ada.BalanceAsync(own));
    }

    [Fact]
    public async Task Another_customers_movements_and_person_are_answered_like_missing_ones()
    {
        var (ada, own) = await CustomerAsync();
        var (ben, account) = await CustomerAsync();
        var deposit = (await _teller.DepositAsync(account, "5.00")).Created();
        var withdrawal = (await ben.WithdrawAsync(account, "1.00")).Created();
        var transfer = (await ben.TransferAsync(account, own, "1.00")).Created();

        foreach (var (kind, movement) in new[] { ("deposits", deposit), ("withdrawals", withdrawal) })
        {
            await SameAsync(id => ada.GetAsync($"/v1/{kind}/{id}"), movement.Text("id"), movement.Text("id")[..4] + Missing);
            (await ben.GetAsync($"/v1/{kind}/{movement.Text("id")}")).Ok();
        }

        // The payee sees the transfer without the payer's balance.
        var received = (await ada.GetAsync($"/v1/transfers/{transfer.Text("id")}")).Ok();
        Assert.DoesNotContain("balance", received.Members());
        Assert.DoesNotContain("version", received.Members());
        Assert.Equal("1.00", received.Text("amount", "value"));

        var (chiyo, _) = await CustomerAsync();
        await SameAsync(id => chiyo.GetAsync($"/v1/transfers/{id}"), transfer.Text("id"), "trf_" + Missing);
        await SameAsync(id => ada.GetAsync($"/v1/customers/{id}"), (await ben.GetAsync($"/v1/accounts/{account}")).Text("customerId"),
            "cus_" + Missing);
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
