using Alba;
using Banking.Customers.Features;
using Banking.EventStore.Sealing;
using Banking.Host.Security;
using Banking.ReadModels.Verifying;
using Banking.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Banking.Customers.Tests;

/// <summary>The text key, which seals counterparties, is wrapped by the key ring like the keys of customers.</summary>
public sealed class CounterpartyKeyTests : IAsyncLifetime
{
    private const string Key = "select id from platform_keys.text_key";
    private const string WrappedBy = "select wrapped_by from platform_keys.text_key";
    private const string Party = "Zebranogirokonto";

    private readonly BankWithKeyRing _bank = new();

    public async ValueTask InitializeAsync() => await _bank.InitializeAsync();

    public async ValueTask DisposeAsync() => await _bank.DisposeAsync();

    [Fact]
    public async Task Without_the_key_ring_commands_with_a_counterparty_wait_and_all_other_money_moves()
    {
        var teller = _bank.As("teller");
        var account = await teller.OpenAsync(balance: "50.00");
        var deposit = (await teller.PostAsync("/v1/deposits", Command(account, "5.00"))).Created().Text("id");
        var proposal = (await teller.PostAsync("/v1/deposits?propose=true", Command(account, "7.00"))).Text("id");
        var kept = Directory.CreateDirectory(Path.Combine(_bank.KeyFolder, "away")).FullName;
        Move(_bank.KeyFolder, kept);
        new KeyRingFolder(_bank.KeyFolder, IsPrivate: false).CreateFirstKey();
        var key = await ValueAsync(Key);

        await using var later = await _bank.StartAnotherAsync();
        teller = BankFixture.On(later, "teller");
        await AssertUnavailableAsync(teller, account, deposit, proposal);
        await AssertMoneyMovesAsync(later, teller, account, deposit);
        Assert.Contains("restore the key ring", (await teller.GetAsync("/health/ready")).Body, StringComparison.Ordinal);
        Assert.Equal(["\"a text key that can be used\""], await FaultsAsync(later));

        Array.ForEach(Directory.GetFiles(_bank.KeyFolder), File.Delete);
        Move(kept, _bank.KeyFolder);
        // The folder is read again after a second at the earliest.
        await Eventually.UntilAsync(() => teller.GetAsync($"/v1/deposits/{deposit}"), a => a.StatusCode == 200);
        (await teller.PostAsync("/v1/deposits", Command(account, "5.00"))).Created();
        Assert.Contains(Party, (await teller.GetAsync($"/v1/proposals/{proposal}")).Ok().Body, StringComparison.Ordinal);
        Assert.Equal(key, await ValueAsync(Key));
        Assert.Empty(await FaultsAsync(later));
    }

    [Fact]
    public async Task A_rotation_wraps_the_key_again_and_every_host_opens_what_it_sealed()
    {
        var teller = _bank.As("teller");
        var deposit = (await teller.PostAsync("/v1/deposits", Command(await teller.OpenAsync(), "5.00"))).Created().Text("id");
        var (key, former) = (await ValueAsync(Key), await ValueAsync(WrappedBy));

        new KeyRingFolder(_bank.KeyFolder, IsPrivate: false).AddKey();
        var by = await Eventually.UntilAsync(
            async () =>
            {
                await _bank.Host.Services.GetRequiredService<KeyWatch>().LookAsync(CancellationToken.None);
                return await ValueAsync(WrappedBy);
            },
            now => now != former);

        Assert.True(File.Exists(Path.Combine(_bank.KeyFolder, $"key-{by}.xml")));
        Assert.Equal(key, await ValueAsync(Key));
        await using var later = await _bank.StartAnotherAsync();
        foreach (var client in (BankClient[])[teller, BankFixture.On(later, "teller")])
        {
            Assert.Equal(Party, (await client.GetAsync($"/v1/deposits/{deposit}")).Ok().Text("counterparty", "account"));
        }
    }

    [Fact]
    public async Task Hosts_that_start_together_on_a_new_database_share_one_key()
    {
        await ForgeAsync("delete from platform_keys.text_key");
        var hosts = await Task.WhenAll(_bank.StartAnotherAsync(), _bank.StartAnotherAsync());
        var keys = hosts.Select(h => h.Services.GetRequiredService<TextKeys>()).ToList();

        Assert.Equal(await ValueAsync(Key), Assert.Single(keys.Select(k => k.Current().Id).Distinct()));

        // The same without the lock that hosts start under.
        await ForgeAsync("delete from platform_keys.text_key");
        var services = hosts.Select(h => ActivatorUtilities.CreateInstance<TextKeys>(h.Services)).ToList();
        var made = await Task.WhenAll(services.Select(s => s.CurrentAsync(CancellationToken.None).AsTask()));
        Assert.Equal(await ValueAsync(Key), Assert.Single(made.Select(k => k.Id).Distinct()));
        services.ForEach(s => s.Dispose());
        foreach (var host in hosts)
        {
            await host.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_database_that_was_restored_to_a_time_before_its_key_gets_it_again()
    {
        var teller = _bank.As("teller");
        var account = await teller.OpenAsync();
        var deposit = (await teller.PostAsync("/v1/deposits", Command(account, "5.00"))).Created().Text("id");
        var key = await ValueAsync(Key);

        await ForgeAsync("delete from platform_keys.text_key");
        await _bank.Host.Services.GetRequiredService<KeyWatch>().LookAsync(CancellationToken.None);

        Assert.Equal(key, await ValueAsync(Key));
        await using var later = await _bank.StartAnotherAsync();
        var shown = (await BankFixture.On(later, "teller").GetAsync($"/v1/deposits/{deposit}")).Ok();
        Assert.Equal(Party, shown.Text("counterparty", "account"));
    }

    [Fact]
    public async Task The_erasure_of_a_customer_leaves_the_counterparties_of_the_accounts()
    {
        var teller = _bank.As("teller");
        var customer = await teller.RegisterAsync();
        var deposit = (await teller.PostAsync("/v1/deposits", Command(await teller.OpenAsync(customer), "5.00"))).Created().Text("id");

        await ForgeAsync("delete from customers_keys.mt_doc_customer_key");

        Assert.Equal("true", (await teller.GetAsync($"/v1/customers/{customer}")).Ok().Text("erased"));
        Assert.Equal(Party, (await teller.GetAsync($"/v1/deposits/{deposit}")).Ok().Text("counterparty", "account"));
    }

    private static async Task AssertUnavailableAsync(BankClient teller, string account, string deposit, string proposal)
    {
        foreach (
            var path in (string[])
                [
                    $"/v1/deposits/{deposit}", $"/v1/accounts/{account}/entries", $"/v1/accounts/{account}/events",
                    $"/v1/proposals/{proposal}",
                ])
        {
            Assert.Equal((503, "key_unavailable"), Problem(await teller.GetAsync(path)));
        }

        foreach (var path in (string[])["/v1/deposits", "/v1/withdrawals", "/v1/deposits?propose=true"])
        {
            Assert.Equal((503, "key_unavailable"), Problem(await teller.PostAsync(path, Command(account, "1.00"))));
        }

        // The other command of the batch is done.
        object plain = new { accountId = account, amount = Eur("1.00"), reason = "test" };
        var items = ((object[])[Command(account, "1.00"), plain]).Select(command => new { idempotencyKey = BankClient.NewKey(), command });
        var batch = (await teller.PostAsync("/v1/deposits/batch", new { mode = "independent", items })).Ok();
        Assert.Equal((1, 1), (batch.Json.GetProperty("accepted").GetInt32(), batch.Json.GetProperty("refused").GetInt32()));
    }

    /// <summary>Also of an account with a sealed counterparty, and a correction that copies it.</summary>
    private static async Task AssertMoneyMovesAsync(IAlbaHost host, BankClient teller, string account, string deposit)
    {
        Assert.Equal("56.00", await teller.BalanceAsync(account));
        (await teller.WithdrawAsync(account, "6.00")).Created();
        var correction = new { kind = "amount", amount = Eur("4.00"), reasonCode = "typo", reason = "Typo" };
        (await teller.PostAsync($"/v1/transactions/{deposit}/corrections", correction)).Created();
        Assert.Equal("49.00", await teller.BalanceAsync(account));
        (await BankFixture.On(host, "auditor").GetAsync("/audit/events")).Ok();
        (await BankFixture.On(host, "operator").GetAsync("/v1/feed?limit=500")).Ok();
    }

    private static async Task<IEnumerable<string>> FaultsAsync(IAlbaHost host) =>
        (await host.Services.GetRequiredService<Verification>().RunAsync(Guid.Empty, null, _ => { }, CancellationToken.None)).Differences
        .Where(d => d.Model is "log" or "receipts").Select(d => d.Expected!).Distinct();

    private static (int Status, string Code) Problem(Answer answer) => (answer.StatusCode, answer.Code);

    private static object Command(string accountId, string value) => new
    {
        accountId,
        amount = Eur(value),
        reason = "test",
        counterparty = new { bank = "YZ", account = Party },
    };

    private static object Eur(string value) => new { value, currency = "EUR" };

    private static void Move(string from, string to)
    {
        foreach (var file in Directory.GetFiles(from))
        {
            File.Move(file, Path.Combine(to, Path.GetFileName(file)));
        }
    }

    private async Task ForgeAsync(string sql)
    {
        await using var command = _bank.Owner.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    private async Task<string> ValueAsync(string sql)
    {
        await using var command = _bank.Owner.CreateCommand(sql);
        return (string)(await command.ExecuteScalarAsync())!;
    }
}
