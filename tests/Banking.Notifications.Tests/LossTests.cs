using Banking.Testing;

namespace Banking.Notifications.Tests;

/// <summary>Whatever fails between the log and the one who listens, nothing is lost.</summary>
public sealed class LossTests : ListeningBank
{
    private const string Away = "alter table notifications.notification rename to gone";
    private const string Back = "alter table notifications.gone rename to notification";

    [Fact]
    public async Task A_handler_that_fails_is_tried_again()
    {
        var (account, _) = await ListenAsync();
        await ExecuteAsync(Away);
        await Teller.DepositAsync(account, "1.00");
        // Beyond the tries at once: it waits in the database by now.
        await Eventually.UntilAsync(
            () => ScalarAsync<long>("select count(*) from wolverine.wolverine_incoming_envelopes where status = 'Scheduled'"), n => n > 0);
        await ExecuteAsync(Back);

        Assert.Equal("1.00", await ToldAsync(account));
    }

    [Fact]
    public async Task A_host_that_stops_between_the_lane_and_the_handler_leaves_it_to_the_next()
    {
        var (account, _) = await ListenAsync();
        await ExecuteAsync(Away);
        await Teller.DepositAsync(account, "1.00");
        await PassedAsync();
        await Host.StopAsync();
        await ExecuteAsync(Back);

        await using var next = await StartAnotherAsync();

        await Eventually.UntilAsync(() => AmountsAsync(next, account), told => told == "1.00");
    }

    /// <summary>The two halves of one transaction: with either refused by the database, neither is there, and later both are.</summary>
    [Theory]
    [InlineData("publishing.lane", "update")]
    [InlineData("wolverine.wolverine_incoming_envelopes", "insert")]
    public async Task The_place_of_the_lane_and_the_message_are_one(string table, string change)
    {
        var (account, _) = await ListenAsync();
        await QuietAsync();
        var before = (await LaneAsync(), await MessagesAsync());
        // A sequence goes on also where its transaction does not: it tells that there was a try.
        await ExecuteAsync(
            $"create sequence tries; create function refuse() returns trigger language plpgsql security definer as $$ begin perform nextval('tries'); raise exception 'planted'; end $$; "
                + $"create trigger planted before {change} on {table} for each row execute function refuse()");
        await Teller.DepositAsync(account, "1.00");
        await Eventually.UntilAsync(
            () => ScalarAsync<long>("select case when is_called then last_value else 0 end from tries"), tries => tries >= 2);

        Assert.Equal(before, (await LaneAsync(), await MessagesAsync()));

        await ExecuteAsync($"drop trigger planted on {table}");
        Assert.Equal("1.00", await ToldAsync(account));
    }
}
