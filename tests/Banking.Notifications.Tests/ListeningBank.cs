using Alba;
using Banking.Testing;

namespace Banking.Notifications.Tests;

/// <summary>A bank where somebody listens, and the database behind it. Each test has a bank of its own: they do harm to it.</summary>
public abstract class ListeningBank : BankFixture
{
    protected const string Deposited = "banking.account.money-deposited.v1";

    protected BankClient Teller => As("teller");

    /// <summary>An account with a subscription to it.</summary>
    protected async Task<(string Account, string Subscription)> ListenAsync(object? minimum = null)
    {
        var account = await Teller.OpenAsync();
        return (account, await SubscribeAsync(account, minimum));
    }

    protected async Task<string> SubscribeAsync(string account, object? minimum = null) =>
        (await Teller.PostAsync("/v1/notification-subscriptions", new { account, minimum })).Created().Text("id");

    /// <summary>The amounts that were told of an account, the newest first, once nothing is under way any more.</summary>
    protected async Task<string> ToldAsync(string account)
    {
        await QuietAsync();
        return await AmountsAsync(Host, account);
    }

    protected static async Task<string> AmountsAsync(IAlbaHost host, string account) => string.Join(
        ' ', (await On(host, "teller").GetAsync($"/v1/notifications?account={account}")).Ok().Items()
            .Select(n => n.TryGetProperty("amount", out var amount) ? amount.GetProperty("value").GetString() : "-"));

    /// <summary>When the lane is as far as the log is now, and every message is handled.</summary>
    protected async Task QuietAsync()
    {
        await PassedAsync();
        await Eventually.UntilAsync(
            () => ScalarAsync<long>("select count(*) from wolverine.wolverine_incoming_envelopes where status <> 'Handled'"),
            left => left == 0);
    }

    /// <summary>When the lane is as far as the log is now.</summary>
    protected async Task PassedAsync()
    {
        var end = await ScalarAsync<long>("select max(seq_id) from bank.mt_events");
        await Eventually.UntilAsync(LaneAsync, position => position >= end);
    }

    protected Task<long> LaneAsync() =>
        ScalarAsync<long>("select coalesce((select position from publishing.lane where name = 'modules'), -1)");

    protected Task<long> MessagesAsync() => ScalarAsync<long>("select count(*) from wolverine.wolverine_incoming_envelopes");

    protected async Task ExecuteAsync(string sql)
    {
        await using var command = Owner.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    protected async Task<T> ScalarAsync<T>(string sql)
    {
        await using var command = Owner.CreateCommand(sql);
        return (T)(await command.ExecuteScalarAsync())!;
    }
}
