namespace Banking.Notifications.Tests;

/// <summary>Who is told of what.</summary>
public sealed class TellingTests : ListeningBank
{
    [Fact]
    public async Task A_subscribed_deposit_is_told_once_and_what_was_before_never()
    {
        var account = await Teller.OpenAsync(balance: "1.00");
        await SubscribeAsync(account);
        await Teller.DepositAsync(account, "2.00");
        await Teller.WithdrawAsync(account, "0.50");

        Assert.Equal("0.50 2.00", await ToldAsync(account));

        var told = (await Teller.GetAsync($"/v1/notifications?account={account}&limit=1")).Ok();
        Assert.Equal("debit", told.Items()[0].GetProperty("direction").GetString());
        var next = (await Teller.GetAsync($"/v1/notifications?account={account}&limit=1&cursor={told.NextCursor()}")).Ok();
        Assert.Equal(Deposited, Assert.Single(next.Items()).GetProperty("type").GetString());
        Assert.Null(next.NextCursor());
    }

    [Fact]
    public async Task A_minimum_is_the_least_that_is_told()
    {
        var (account, _) = await ListenAsync(new { value = "10.00", currency = "EUR" });
        foreach (var amount in (string[])["9.99", "10.00", "10.01"])
        {
            await Teller.DepositAsync(account, amount);
        }

        Assert.Equal("10.01 10.00", await ToldAsync(account));
    }

    [Fact]
    public async Task Cancelled_it_tells_no_more_and_what_it_heard_before_stays_also_when_all_is_delivered_again()
    {
        var (account, subscription) = await ListenAsync();
        await Teller.DepositAsync(account, "1.00");
        (await Teller.PostAsync($"/v1/notification-subscriptions/{subscription}/cancel", new { })).Ok();
        await Teller.DepositAsync(account, "2.00");
        Assert.Equal("1.00", await ToldAsync(account));

        // As if nothing had been told yet: the cancelled subscription hears of what was before its end, and of nothing else.
        await ExecuteAsync("delete from notifications.notification; update publishing.lane set position = 0 where name = 'modules'");

        Assert.Equal("1.00", await ToldAsync(account));
        Assert.Equal("already_cancelled", (await Teller.PostAsync($"/v1/notification-subscriptions/{subscription}/cancel", new { })).Code);
    }

    [Fact]
    public async Task A_customer_hears_of_their_own_accounts_only()
    {
        var (mine, hers) = (await Teller.RegisterAsync(), await Teller.RegisterAsync("Eve"));
        var account = await Teller.OpenAsync(mine);
        var (me, her) = (As("customer", mine), As("customer", hers));

        Assert.Equal("account_not_found", (await her.PostAsync("/v1/notification-subscriptions", new { account })).Code);
        var subscription = (await me.PostAsync("/v1/notification-subscriptions", new { account })).Created().Text("id");
        Assert.Equal(
            "subscription_not_found", (await her.PostAsync($"/v1/notification-subscriptions/{subscription}/cancel", new { })).Code);
        await Teller.DepositAsync(account, "3.00");
        await QuietAsync();

        Assert.Single((await me.GetAsync("/v1/notifications")).Ok().Items());
        Assert.Empty((await her.GetAsync($"/v1/notifications?account={account}")).Ok().Items());
        Assert.Single((await me.GetAsync("/v1/notification-subscriptions")).Ok().Items());
        Assert.Empty((await her.GetAsync("/v1/notification-subscriptions")).Ok().Items());
    }

    [Fact]
    public async Task A_type_that_is_not_published_and_a_minimum_of_what_has_no_amount_are_refused()
    {
        var account = await Teller.OpenAsync();

        Assert.Equal(
            "unknown_type", (await Teller.PostAsync("/v1/notification-subscriptions", new { account, types = new[] { "x" } })).Code);
        Assert.Equal(
            "minimum_without_amount",
            (
                await Teller.PostAsync(
                    "/v1/notification-subscriptions",
                    new
                    {
                        account,
                        types = new[] { "banking.account.account-closed.v1" },
                        minimum = new { value = "1.00", currency = "EUR" },
                    })).Code);
    }
}
