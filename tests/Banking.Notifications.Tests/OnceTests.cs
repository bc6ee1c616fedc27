using Banking.Publishing.Contracts;
using Banking.Testing;
using Microsoft.Extensions.DependencyInjection;
using Wolverine;

namespace Banking.Notifications.Tests;

/// <summary>Everything may come again, by every way there is; each is told once.</summary>
public sealed class OnceTests : ListeningBank
{
    [Fact]
    public async Task The_same_message_again_after_the_inbox_has_forgotten_it_is_told_once()
    {
        var (account, _) = await ListenAsync();
        var deposit = (await Teller.DepositAsync(account, "1.00")).Created();
        Assert.Equal("1.00", await ToldAsync(account));
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
            await Eventually.UntilAsync(
                () => ScalarAsync<long>("select count(*) from wolverine.wolverine_incoming_envelopes where status = 'Handled'"),
                handled => handled == 1);
        }

        Assert.Equal("1.00", await ToldAsync(account));
    }

    [Fact]
    public async Task A_lane_that_is_set_back_delivers_all_again_and_each_is_told_once()
    {
        var (account, _) = await ListenAsync();
        foreach (var amount in (string[])["1.00", "2.00", "3.00"])
        {
            await Teller.DepositAsync(account, amount);
        }

        Assert.Equal("3.00 2.00 1.00", await ToldAsync(account));
        var before = await MessagesAsync();
        await ExecuteAsync("update publishing.lane set position = 0 where name = 'modules'");
        await Eventually.UntilAsync(MessagesAsync, messages => messages > before);

        Assert.Equal("3.00 2.00 1.00", await ToldAsync(account));
    }

    [Fact]
    public async Task Two_hosts_tell_once_and_the_second_goes_on_when_the_first_is_stopped()
    {
        var (account, _) = await ListenAsync();
        await using var other = await StartAnotherAsync();
        for (var i = 1; i <= 10; i++)
        {
            await On(i % 2 == 0 ? other : Host, "teller").DepositAsync(account, $"{i}.00");
        }

        Assert.Equal("10.00 9.00 8.00 7.00 6.00 5.00 4.00 3.00 2.00 1.00", await ToldAsync(account));

        await On(other, "teller").DepositAsync(account, "11.00");
        await Host.StopAsync();
        await On(other, "teller").DepositAsync(account, "12.00");

        await Eventually.UntilAsync(
            () => AmountsAsync(other, account), told => told == "12.00 11.00 10.00 9.00 8.00 7.00 6.00 5.00 4.00 3.00 2.00 1.00");
    }
}
