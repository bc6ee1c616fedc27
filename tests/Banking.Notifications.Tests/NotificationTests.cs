namespace Banking.Notifications.Tests;

/// <summary>Which events give which notifications.</summary>
public sealed class NotificationTests : SubscribedBank
{
    [Fact]
    public async Task Only_events_after_the_subscription_give_notifications()
    {
        var account = await Teller.OpenAsync(balance: "1.00");
        await SubscribeAsync(account);
        await Teller.DepositAsync(account, "2.00");
        await Teller.WithdrawAsync(account, "0.50");

        Assert.Equal("0.50 2.00", await NotifiedAsync(account));

        var notified = (await Teller.GetAsync($"/v1/notifications?account={account}&limit=1")).Ok();
        Assert.Equal("debit", notified.Items()[0].GetProperty("direction").GetString());
        var next = (await Teller.GetAsync($"/v1/notifications?account={account}&limit=1&cursor={notified.NextCursor()}")).Ok();
        Assert.Equal(Deposited, Assert.Single(next.Items()).GetProperty("type").GetString());
        Assert.Null(next.NextCursor());
    }

    [Fact]
    public async Task Only_movements_of_at_least_the_minimum_give_notifications()
    {
        var (account, _) = await SubscribedAsync(new { value = "10.00", currency = "EUR" });
        foreach (var amount in (string[])["9.99", "10.00", "10.01"])
        {
            await Teller.DepositAsync(account, amount);
        }

        Assert.Equal("10.01 10.00", await NotifiedAsync(account));
    }

    [Fact]
    public async Task A_minimum_in_another_currency_than_the_accounts_is_refused()
    {
        var (account, subscriptions) = (await Teller.OpenAsync(), "/v1/notification-subscriptions");
        var minimum = new { value = "10.00", currency = "USD" };

        var refused = await Teller.PostAsync(subscriptions, new { account, minimum });

        Assert.Equal((422, "currency_mismatch"), (refused.StatusCode, refused.Code));
        Assert.Equal(
            ("EUR", "USD", "#/minimum/currency"),
            (
                refused.Text("accountCurrency"),
                refused.Text("amountCurrency"),
                refused.Json.GetProperty("errors")[0].GetProperty("pointer").GetString()));
        Assert.Empty((await Teller.GetAsync($"{subscriptions}?account={account}")).Ok().Items());
        Assert.Equal("account_not_found", (await Teller.PostAsync(subscriptions, new { account = "acc_x", minimum })).Code);
    }

    [Fact]
    public async Task A_cancelled_subscription_covers_only_earlier_events_even_when_all_are_delivered_again()
    {
        var (account, subscription) = await SubscribedAsync();
        await Teller.DepositAsync(account, "1.00");
        (await Teller.PostAsync($"/v1/notification-subscriptions/{subscription}/cancel", new { })).Ok();
        await Teller.DepositAsync(account, "2.00");
        Assert.Equal("1.00", await NotifiedAsync(account));

        // Without notifications and with the checkpoint reset, the cancelled subscription covers only the events before its end.
        await ExecuteAsync("delete from notifications.notification");
        await ResetCheckpointAsync();

        Assert.Equal("1.00", await NotifiedAsync(account));
        Assert.Equal("already_cancelled", (await Teller.PostAsync($"/v1/notification-subscriptions/{subscription}/cancel", new { })).Code);
    }

    [Fact]
    public async Task A_customer_gets_notifications_about_their_own_accounts_only()
    {
        var (mine, hers) = (await Teller.RegisterAsync(), await Teller.RegisterAsync("Eve"));
        var account = await Teller.OpenAsync(mine);
        var (me, her) = (As("customer", mine), As("customer", hers));

        Assert.Equal("account_not_found", (await her.PostAsync("/v1/notification-subscriptions", new { account })).Code);
        var subscription = (await me.PostAsync("/v1/notification-subscriptions", new { account })).Created().Text("id");
        Assert.Equal(
            "subscription_not_found", (await her.PostAsync($"/v1/notification-subscriptions/{subscription}/cancel", new { })).Code);
        await Teller.DepositAsync(account, "3.00");
        await UntilHandledAsync();

        Assert.Single((await me.GetAsync("/v1/notifications")).Ok().Items());
        Assert.Empty((await her.GetAsync($"/v1/notifications?account={account}")).Ok().Items());
        Assert.Single((await me.GetAsync("/v1/notification-subscriptions")).Ok().Items());
        Assert.Empty((await her.GetAsync("/v1/notification-subscriptions")).Ok().Items());
    }

    [Fact]
    public async Task An_unknown_type_and_a_minimum_for_types_without_an_amount_are_refused()
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
