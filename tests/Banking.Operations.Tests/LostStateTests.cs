using Banking.SharedKernel;
using Banking.Testing;

namespace Banking.Operations.Tests;

/// <summary>A stored state is a cache: with it lost, whatever the log holds is answered all the same.</summary>
public sealed class LostStateTests(BankFixture bank) : IClassFixture<BankFixture>
{
    private readonly BankClient _teller = bank.As("teller");

    [Fact]
    public async Task An_account_whose_state_is_lost_is_read_and_listed_and_goes_on()
    {
        var lost = await new Forgery(bank).LiveAsync();
        var customer = PublicId.Format("cus", lost.Customer);
        var second = await _teller.OpenAsync(customer, balance: "1.00");
        string[] paths = [.. new[] { "", "/balance", "/entries", "/events", "/refusals", "/figures" }.Select(p => $"/v1/accounts/{lost.AccountId}{p}")];
        Task<Answer[]> ReadAsync() => Task.WhenAll(paths.Select(p => _teller.GetAsync(p)));
        string[] lists =
        [
            "/v1/accounts?limit=500", $"/v1/accounts?customerId={customer}", $"/v1/accounts?customerId={customer}&status=open", $"/v1/accounts?customerId={customer}&limit=1",
            "/v1/accounts?currency=EUR&limit=500",
        ];
        async Task<string[]> ListedAsync() => [.. (await Task.WhenAll(lists.Select(l => _teller.GetAsync(l)))).Select(a => a.Ok().Body)];
        var (read, listed) = (await ReadAsync(), await ListedAsync());
        var owned = (await bank.As("customer", customer).GetAsync("/v1/accounts")).Ok();
        Assert.Equal(2, owned.Items().Count);

        await lost.ForgeAsync("delete from accounts.mt_doc_account where id = {account}");

        foreach (var (before, after) in read.Zip(await ReadAsync()))
        {
            Assert.Equal(before.Ok().Text(before.Members()[0]), after.Ok().Text(before.Members()[0]));
        }

        Assert.Equal(listed, await ListedAsync());
        Assert.Equal(owned.Body, (await bank.As("customer", customer).GetAsync("/v1/accounts")).Ok().Body);
        Assert.Empty((await _teller.GetAsync($"/v1/accounts?customerId={customer}&status=closed")).Ok().Items());
        (await _teller.PostAsync("/v1/withdrawals", new { accountId = lost.AccountId, amount = new { value = "1.00", currency = "EUR" }, reason = "Cash" })).Created();
        Assert.Equal("12.00", await _teller.BalanceAsync(lost.AccountId));
        Assert.Equal("1.00", await _teller.BalanceAsync(second));
    }

    [Fact]
    public async Task A_state_that_is_behind_its_stream_is_not_answered()
    {
        var account = await new Forgery(bank).LiveAsync();

        await account.ForgeAsync("update accounts.mt_doc_account set data = jsonb_set(jsonb_set(data, '{version}', '2'), '{balance,minor}', '1000') where id = {account}");

        Assert.Equal("13.00", await _teller.BalanceAsync(account.AccountId));
    }

    [Fact]
    public async Task A_customer_and_a_subscription_whose_states_are_lost_are_read_and_listed()
    {
        var lost = await new Forgery(bank).LiveAsync();
        var customer = PublicId.Format("cus", lost.Customer);
        (await _teller.PostAsync("/v1/notification-subscriptions", new { account = lost.AccountId })).Created();
        string[] paths = [$"/v1/customers/{customer}", "/v1/customers?limit=500", $"/v1/notification-subscriptions?account={lost.AccountId}"];
        async Task<string[]> ReadAsync() => [.. (await Task.WhenAll(paths.Select(l => _teller.GetAsync(l)))).Select(a => a.Ok().Body)];
        var before = await ReadAsync();

        await lost.ForgeAsync("delete from customers.mt_doc_customer where id = {customer}; delete from notifications.mt_doc_subscription where data ->> 'account' = {account}");

        Assert.Equal(before, await ReadAsync());
    }
}
