using Banking.Publishing.Contracts;
using Banking.Testing;
using Microsoft.Extensions.DependencyInjection;
using Wolverine;

namespace Banking.Notifications.Tests;

/// <summary>Events may be delivered again in every way; each gives one notification.</summary>
public sealed class RedeliveryTests : SubscribedBank
{
    [Fact]
    public async Task A_message_repeated_after_the_inbox_was_cleared_gives_one_notification()
    {
        var (account, _) = await SubscribedAsync();
        var deposit = (await Teller.DepositAsync(account, "1.00")).Created();
        Assert.Equal("1.00", await NotifiedAsync(account));
        var position = long.Parse(deposit.Header("Ledger-Position")!, System.Globalization.CultureInfo.InvariantCulture);
        var id = "evt_" + deposit.Text("id")["dep_".Length..];
        var again = new EventsPublished([
            new(
                id,
                Deposited,
                Guid.ParseExact(account["acc_".Length..], "N"),
                2,
                1,
                position,
                Clock.Now,
                """{"amount":{"value":"1.00","currency":"EUR"}}"""
            ),
        ]);

        foreach (var _ in Enumerable.Range(0, 3))
        {
            await ExecuteAsync("delete from wolverine.wolverine_incoming_envelopes");
            await Host.Services.CreateScope().ServiceProvider.GetRequiredService<IMessageBus>().SendAsync(again);
            // One for this module, and one for Accounts, which issues statements after transactions.
            await Eventually.UntilAsync(
                () => ScalarAsync<long>("select count(*) from wolverine.wolverine_incoming_envelopes where status = 'Handled'"),
                handled => handled == 2);
        }

        Assert.Equal("1.00", await NotifiedAsync(account));
    }

    [Fact]
    public async Task After_a_reset_of_the_checkpoint_each_event_still_has_one_notification()
    {
        var (account, _) = await SubscribedAsync();
        foreach (var amount in (string[])["1.00", "2.00", "3.00"])
        {
            await Teller.DepositAsync(account, amount);
        }

        Assert.Equal("3.00 2.00 1.00", await NotifiedAsync(account));
        var before = await MessagesAsync();
        await ResetCheckpointAsync();
        await Eventually.UntilAsync(MessagesAsync, messages => messages > before);

        Assert.Equal("3.00 2.00 1.00", await NotifiedAsync(account));
    }

    [Fact]
    public async Task Two_hosts_create_each_notification_once_and_the_second_continues_after_the_first_stops()
    {
        var (account, _) = await SubscribedAsync();
        await using var other = await StartAnotherAsync();
        for (var i = 1; i <= 10; i++)
        {
            await On(i % 2 == 0 ? other : Host, "teller").DepositAsync(account, $"{i}.00");
        }

        Assert.Equal("10.00 9.00 8.00 7.00 6.00 5.00 4.00 3.00 2.00 1.00", await NotifiedAsync(account));

        await On(other, "teller").DepositAsync(account, "11.00");
        await Host.StopAsync();
        await On(other, "teller").DepositAsync(account, "12.00");

        await Eventually.UntilAsync(
            () => AmountsAsync(other, account), amounts => amounts == "12.00 11.00 10.00 9.00 8.00 7.00 6.00 5.00 4.00 3.00 2.00 1.00");
    }
}
