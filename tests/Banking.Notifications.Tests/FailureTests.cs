using Banking.Testing;

namespace Banking.Notifications.Tests;

/// <summary>A failure between the log and the handler loses no notification.</summary>
public sealed class FailureTests : SubscribedBank
{
    private const string Away = "alter table notifications.notification rename to gone";
    private const string Back = "alter table notifications.gone rename to notification";

    [Fact]
    public async Task A_failed_handler_is_retried()
    {
        var (account, _) = await SubscribedAsync();
        await ExecuteAsync(Away);
        await Teller.DepositAsync(account, "1.00");
        // The immediate retries are exhausted: the message is scheduled in the database.
        await Eventually.UntilAsync(
            () => ScalarAsync<long>("select count(*) from wolverine.wolverine_incoming_envelopes where status = 'Scheduled'"), n => n > 0);
        await ExecuteAsync(Back);

        Assert.Equal("1.00", await NotifiedAsync(account));
    }

    [Fact]
    public async Task A_message_published_but_not_handled_before_a_stop_is_handled_by_the_next_host()
    {
        var (account, _) = await SubscribedAsync();
        await ExecuteAsync(Away);
        await Teller.DepositAsync(account, "1.00");
        await UntilPublishedAsync();
        await Host.StopAsync();
        await ExecuteAsync(Back);

        await using var next = await StartAnotherAsync();

        await Eventually.UntilAsync(() => AmountsAsync(next, account), amounts => amounts == "1.00");
    }

    /// <summary>Checkpoint and message share one transaction: if the database refuses one of them, neither is stored.</summary>
    [Theory]
    [InlineData("publishing.publisher", "update")]
    [InlineData("wolverine.wolverine_incoming_envelopes", "insert")]
    public async Task The_checkpoint_and_the_message_are_stored_together_or_not_at_all(string table, string change)
    {
        var (account, _) = await SubscribedAsync();
        await UntilHandledAsync();
        var before = (await CheckpointAsync(), await MessagesAsync());
        // A sequence advances even if its transaction is rolled back, so it counts the attempts.
        await ExecuteAsync(
            "create sequence tries; create function refuse() returns trigger language plpgsql security definer as "
                + "$$ begin perform nextval('tries'); raise exception 'planted'; end $$; "
                + $"create trigger planted before {change} on {table} for each row execute function refuse()");
        await Teller.DepositAsync(account, "1.00");
        await Eventually.UntilAsync(
            () => ScalarAsync<long>("select case when is_called then last_value else 0 end from tries"), tries => tries >= 2);

        Assert.Equal(before, (await CheckpointAsync(), await MessagesAsync()));

        await ExecuteAsync($"drop trigger planted on {table}");
        Assert.Equal("1.00", await NotifiedAsync(account));
    }
}
