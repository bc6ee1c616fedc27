using Alba;
using Banking.Testing;

namespace Banking.Notifications.Tests;

/// <summary>A bank with subscriptions, and its database. Each test damages the bank, so it has a bank of its own.</summary>
public abstract class SubscribedBank : BankFixture
{
    protected const string Deposited = "banking.account.money-deposited.v1";

    protected BankClient Teller => As("teller");

    /// <summary>An account with a subscription to it.</summary>
    protected async Task<(string Account, string Subscription)> SubscribedAsync(object? minimum = null)
    {
        var account = await Teller.OpenAsync();
        return (account, await SubscribeAsync(account, minimum));
    }

    protected async Task<string> SubscribeAsync(string account, object? minimum = null) =>
        (await Teller.PostAsync("/v1/notification-subscriptions", new { account, minimum })).Created().Text("id");

    /// <summary>The amounts of an account's notifications, newest first, after all messages were handled.</summary>
    protected async Task<string> NotifiedAsync(string account)
    {
        await UntilHandledAsync();
        return await AmountsAsync(Host, account);
    }

    protected static async Task<string> AmountsAsync(IAlbaHost host, string account) => string.Join(
        ' ', (await On(host, "teller").GetAsync($"/v1/notifications?account={account}")).Ok().Items()
            .Select(n => n.TryGetProperty("amount", out var amount) ? amount.GetProperty("value").GetString() : "-"));

    /// <summary>Waits until every event so far was published to the modules and every message was handled.</summary>
    protected async Task UntilHandledAsync()
    {
        await UntilPublishedAsync();
        await Eventually.UntilAsync(
            () => ScalarAsync<long>("select count(*) from wolverine.wolverine_incoming_envelopes where status <> 'Handled'"),
            left => left == 0);
    }

    /// <summary>Waits until every event so far was published to the modules.</summary>
    protected async Task UntilPublishedAsync()
    {
        var end = await ScalarAsync<long>("select max(seq_id) from bank.mt_events");
        await Eventually.UntilAsync(CheckpointAsync, position => position >= end);
    }

    protected Task<long> CheckpointAsync() =>
        ScalarAsync<long>("select coalesce((select position from publishing.publisher where name = 'modules'), -1)");

    /// <summary>Has every event delivered to the modules again.</summary>
    protected async Task ResetCheckpointAsync() => (await As("operator").PostAsync(
        "/ops/outbox/modules/position", new { position = 0, reasonCode = "test", reason = "A test asks for it." })).Ok();

    protected Task<long> MessagesAsync() => ScalarAsync<long>("select count(*) from wolverine.wolverine_incoming_envelopes");

    protected async Task ExecuteAsync(string sql)
    {
        await using var command = Owner.CreateCommand(sql);
        await Deadlocks.RetryAsync(() => command.ExecuteNonQueryAsync());
    }

    protected async Task<T> ScalarAsync<T>(string sql)
    {
        await using var command = Owner.CreateCommand(sql);
        return (T)(await command.ExecuteScalarAsync())!;
    }
}
