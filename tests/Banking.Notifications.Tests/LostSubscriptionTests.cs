using Banking.ReadModels.Verifying;
using Banking.SharedKernel;
using Microsoft.Extensions.DependencyInjection;

namespace Banking.Notifications.Tests;

/// <summary>The stored documents of subscriptions are lost. Their streams have them: no notification is missed.</summary>
public sealed class LostSubscriptionTests : SubscribedBank
{
    [Fact]
    public async Task A_lost_subscription_still_gives_notifications_and_a_lost_cancelled_one_none_and_verify_names_them()
    {
        var (account, active) = await SubscribedAsync();
        var cancelled = await SubscribeAsync(account);
        (await Teller.PostAsync($"/v1/notification-subscriptions/{cancelled}/cancel", new { reason = "No more." })).Ok();
        await ExecuteAsync("delete from notifications.mt_doc_subscription");

        (await Teller.DepositAsync(account, "1.00")).Created();

        Assert.Equal("1.00", await NotifiedAsync(account));
        var verified = await Host.Services.GetRequiredService<Verification>().RunAsync(
            Guid.Empty, null, _ => { }, CancellationToken.None);
        Assert.Equal(
            new[] { IdOf(active), IdOf(cancelled) }.Order(),
            verified.Differences.Where(d => d.Model == "subscription").Select(d => d.Stream!.Value).Order());
    }

    private static Guid IdOf(string subscription) =>
        PublicId.TryParse("sub", subscription, out var id) ? id : throw new FormatException(subscription);
}
