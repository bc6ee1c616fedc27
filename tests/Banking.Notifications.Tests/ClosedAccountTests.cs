using Banking.Accounts.Contracts;
using Banking.Testing;
using Wolverine.Tracking;

namespace Banking.Notifications.Tests;

/// <summary>
/// Closing an account cancels the subscriptions to it: the decision sends a message, and a command cancels each subscription.
/// </summary>
public sealed class ClosedAccountTests : SubscribedBank
{
    [Fact]
    public async Task Closing_an_account_cancels_its_subscriptions_with_the_actor_who_closed_it()
    {
        var (account, first) = await SubscribedAsync();
        var second = await SubscribeAsync(account);
        var (other, others) = await SubscribedAsync();

        var closed = (await CloseAsync(account)).Ok();

        await UntilCancelledAsync(first);
        await UntilCancelledAsync(second);
        Assert.Null(await CancelledAtAsync(others, other));
        var closing = (await Teller.GetAsync($"/v1/accounts/{account}/events")).Ok().Items()[^1];
        var cancelling = await Eventually.UntilAsync(
            async () => (await As("auditor").GetAsync("/audit/events?type=notifications.subscription-cancelled.v1")).Ok().Items(),
            found => found.Count == 2);
        Assert.All(cancelling, e =>
            Assert.Equal(
                (
                    closing.GetProperty("actor").GetString(),
                    "bus",
                    closing.GetProperty("correlationId").GetString(),
                    "The account was closed."),
                (
                    e.GetProperty("actor").GetString(),
                    e.GetProperty("channel").GetString(),
                    e.GetProperty("correlationId").GetString(),
                    e.GetProperty("reason").GetProperty("text").GetString())));
        Assert.NotNull(closed.Header("ETag"));
        Assert.Equal(1, await MessagesAboutClosingAsync());
    }

    [Fact]
    public async Task The_closing_itself_still_gives_a_notification()
    {
        var account = await Teller.OpenAsync();
        var subscription = (
            await Teller.PostAsync("/v1/notification-subscriptions", new { account, types = new[] { "banking.account.account-closed.v1" } })
        )
            .Created()
            .Text("id");

        (await CloseAsync(account)).Ok();

        await UntilCancelledAsync(subscription);
        await UntilHandledAsync();
        Assert.Single((await Teller.GetAsync($"/v1/notifications?account={account}")).Ok().Items());
    }

    [Fact]
    public async Task Closing_by_a_message_cancels_the_subscriptions_too()
    {
        var (account, subscription) = await SubscribedAsync();

        await Host.TrackActivity()
            .Timeout(TimeSpan.FromSeconds(30))
            .SendMessageAndWaitAsync(new CloseAccount("close-by-bus", account, "wish", "A wish."));

        await UntilCancelledAsync(subscription);
    }

    [Fact]
    public async Task A_message_that_is_delivered_twice_takes_effect_once()
    {
        var (account, subscription) = await SubscribedAsync();
        (await CloseAsync(account)).Ok();
        await UntilCancelledAsync(subscription);
        await UntilHandledAsync();
        var message = new AccountWasClosed(Guid.CreateVersion7(), Guid.ParseExact(account[4..], "N"), DateTimeOffset.UnixEpoch);

        await Host.TrackActivity().Timeout(TimeSpan.FromSeconds(30)).SendMessageAndWaitAsync(message);

        Assert.Equal(
            2, await ScalarAsync<long>($"select version from bank.mt_streams where id = '{Guid.ParseExact(subscription[4..], "N")}'"));
        Assert.Equal(0, await ScalarAsync<long>("select count(*) from wolverine.wolverine_dead_letters"));
    }

    [Fact]
    public async Task A_refused_closing_cancels_no_subscription()
    {
        var (account, subscription) = await SubscribedAsync();
        (await Teller.DepositAsync(account, "1.00")).Created();

        Assert.Equal(422, (await CloseAsync(account)).StatusCode);

        await UntilHandledAsync();
        Assert.Null(await CancelledAtAsync(subscription, account));
        Assert.Equal(0, await MessagesAboutClosingAsync());
    }

    /// <summary>The number of stored messages, including handled ones, which are kept for a day.</summary>
    private Task<long> MessagesAboutClosingAsync() =>
        ScalarAsync<long>(
            $"select count(*) from wolverine.wolverine_incoming_envelopes where message_type = '{typeof(AccountWasClosed).FullName}'");

    private Task<Answer> CloseAsync(string account) =>
        Teller.PostAsync($"/v1/accounts/{account}/close", new { reasonCode = "wish", reason = "A wish." });

    private Task<string?> UntilCancelledAsync(string subscription) =>
        Eventually.UntilAsync<string?>(() => CancelledAtAsync(subscription), at => at is not null);

    private async Task<string?> CancelledAtAsync(string subscription, string? account = null)
    {
        var all = (await Teller.GetAsync("/v1/notification-subscriptions?limit=500" + (account is null ? "" : $"&account={account}")))
            .Ok()
            .Items();
        var found = Assert.Single(all, s => s.GetProperty("id").GetString() == subscription);
        return found.TryGetProperty("cancelledAt", out var at) ? at.GetString() : null;
    }
}
