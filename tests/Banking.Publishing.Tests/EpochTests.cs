using System.Globalization;
using System.Text.Json;
using Alba;
using Banking.ReadModels.Books;
using Banking.ReadModels.Verifying;
using Banking.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Banking.Publishing.Tests;

/// <summary>
/// The database is restored to an older state while two hosts keep their connections, or while no host runs. The log says so to all who
/// have read what it no longer has.
/// </summary>
public sealed class EpochTests : IAsyncLifetime
{
    private readonly WebhookBank _bank = new();

    public ValueTask InitializeAsync() => _bank.InitializeAsync();

    public ValueTask DisposeAsync() => _bank.DisposeAsync();

    [Fact]
    public async Task After_a_restore_in_place_two_hosts_make_one_epoch_and_refuse_the_former_one()
    {
        await using var other = await _bank.StartAnotherAsync();
        var (teller, auditor) = (_bank.As("teller"), _bank.As("auditor"));
        var account = await teller.OpenAsync(balance: "1.00");
        var kept = await EndAsync();
        var former = await EpochAsync(_bank.Host);
        var backup = await DatabaseBackup.TakeAsync(_bank.ConnectionString);
        var lost = (await teller.DepositAsync(account, "2.00")).Created();
        var position = long.Parse(lost.Header("Ledger-Position")!, CultureInfo.InvariantCulture);
        Assert.Equal(former, lost.Header("Ledger-Epoch"));
        await using var stream = await Following.StartAsync(_bank, $"?after={kept}&epoch={former}");
        var heard = (await Eventually.UntilAsync(() => stream.Heard, h => h.Count > 0))[0];
        Assert.Equal($"{former}:{position}", heard.EventId);

        await backup.RestoreAsync();
        var epochs = await Task.WhenAll(NextEpochAsync(_bank.Host, former), NextEpochAsync(other, former));
        (await BankFixture.On(other, "teller").DepositAsync(account, "3.00")).Created();

        Assert.Equal(epochs[0], epochs[1]);
        Assert.Equal(["created", "differs"], await _bank.QueryAsync<string>("select cause from platform.log_epoch order by number"));
        await Eventually.UntilAsync(() => stream.IsOver, over => over);
        foreach (var host in new[] { _bank.Host, other })
        {
            var reader = BankFixture.On(host, "auditor");
            foreach (var refused in new[]
            {
                await reader.GetAsync($"/v1/feed?after={position}&epoch={former}"),
                await reader.GetAsync("/v1/feed", ("Last-Event-ID", heard.EventId!)),
                await reader.GetAsync($"/v1/accounts/{account}", ("Ledger-Min-Position", $"{former}:{position}")),
            })
            {
                Assert.Equal((409, "epoch_changed", epochs[0]), (refused.StatusCode, refused.Code, refused.Text("epoch")));
                Assert.InRange(refused.Json.GetProperty("firstPosition").GetInt64(), 1, kept + 1);
            }
        }

        var malformed = await auditor.GetAsync("/v1/feed?epoch=1");
        Assert.Equal((400, "malformed_epoch"), (malformed.StatusCode, malformed.Code));
        var beyond = await auditor.GetAsync($"/v1/feed?after={position + 100}&epoch={epochs[0]}");
        Assert.Equal((416, "position_beyond_end"), (beyond.StatusCode, beyond.Code));
        var read = (await auditor.GetAsync($"/v1/accounts/{account}", ("Ledger-Min-Position", $"{epochs[0]}:{kept}"))).Ok();
        Assert.Equal(epochs[0], read.Header("Ledger-Epoch"));
    }

    [Fact]
    public async Task After_a_restore_a_webhook_is_paused_and_released_it_gets_the_announcement_whatever_its_filter()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        var teller = _bank.As("teller");
        var account = await teller.OpenAsync();
        var webhook = await _bank.RegisterWebhookAsync(receiver.Url, types: ["banking.account.money-deposited.v1"], accounts: [account]);
        (await teller.DepositAsync(account, "1.00")).Created();
        await receiver.TookAsync(1);
        var former = await EpochAsync(_bank.Host);
        var backup = await DatabaseBackup.TakeAsync(_bank.ConnectionString);
        (await teller.DepositAsync(account, "2.00")).Created();
        await receiver.TookAsync(2);

        await backup.RestoreAsync();
        var epoch = await NextEpochAsync(_bank.Host, former);
        (await teller.DepositAsync(account, "3.00")).Created();
        await _bank.PausedAsync(webhook, true);
        Assert.Equal(2, receiver.All.Count);
        var pause = (await _bank.As("operator").GetAsync("/ops/outbox")).Ok().Items().Single(d => d.Text("kind") == "webhook")
            .GetProperty("held");
        Assert.StartsWith("The database was restored.", pause.Text("reason"), StringComparison.Ordinal);
        Assert.Contains(
            $"webhook:{webhook}: paused by the bank; GET /ops/outbox has the reason",
            (await _bank.Anonymous().GetAsync("/health/ready")).Ok().Json.GetProperty("checks").GetProperty("publication").Text("why"));
        (await _bank.AskAsync(
            "/ops/webhooks/release", new { heldReason = pause.Text("reason"), reasonCode = "drill", reason = "A test." })).Ok();

        await Eventually.UntilAsync(() => receiver.All.Select(d => d.Type).Distinct().Count(), types => types == 2);
        await receiver.TookAsync(4);
        var announced = receiver.All.First(d => d.Type == "banking.log.restored.v1").Event.GetProperty("data");
        Assert.Equal((epoch, former), (announced.Text("epoch"), announced.Text("formerEpoch")));
        Assert.InRange(announced.GetProperty("firstPosition").GetInt64(), 1, receiver.All[1].Position);
        Assert.Equal(
            [("1.00", former), ("2.00", former), ("3.00", epoch)],
            receiver.All.Where(d => d.Type != "banking.log.restored.v1").DistinctBy(d => d.Id)
                .Select(d => (d.Event.GetProperty("data").GetProperty("amount").Text("value"), d.Event.Text("epoch"))));
        Assert.All(receiver.All, d => Assert.Equal(d.Event.Text("epoch"), d.Epoch));
        var verified = await _bank.Host.Services.GetRequiredService<Verification>().RunAsync(Guid.Empty, null, _ => { }, default);
        Assert.Empty(verified.Differences);
    }

    [Fact]
    public async Task A_webhook_that_was_paused_at_the_time_of_the_restored_state_is_paused_for_the_restore_too()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        var (teller, reason) = (_bank.As("teller"), new { reasonCode = "test", reason = "Maintenance." });
        var account = await teller.OpenAsync();
        var webhook = await _bank.RegisterWebhookAsync(receiver.Url, accounts: [account]);
        await Eventually.UntilAsync(() => _bank.AskAsync($"/ops/outbox/webhook:{webhook}/hold", reason), a => a.StatusCode == 200);
        var former = await EpochAsync(_bank.Host);
        var backup = await DatabaseBackup.TakeAsync(_bank.ConnectionString);
        (await _bank.AskAsync($"/ops/outbox/webhook:{webhook}/release", reason)).Ok();
        (await teller.DepositAsync(account, "2.00")).Created();
        await receiver.TookAsync(1);

        await backup.RestoreAsync();
        await NextEpochAsync(_bank.Host, former);

        var pause = await Eventually.UntilAsync(PausedAsync, h => h.Text("reason") != "Maintenance.");
        Assert.Matches("^The database was restored[.] .* release it[.] Before, it was paused by .*: Maintenance[.]$", pause.Text("reason"));
        Assert.NotEqual("bank", pause.Text("by"));
        // The pause was an operator's, who may have another reason for it: it is not ended together with those of the restore.
        var ofRestore = pause.Text("reason").Split(" Before,")[0];
        var released = await _bank.AskAsync(
            "/ops/webhooks/release", new { heldReason = ofRestore, reasonCode = "drill", reason = "A test." });
        Assert.Equal((409, "not_held"), (released.StatusCode, released.Code));
        (await _bank.AskAsync($"/ops/outbox/webhook:{webhook}/release", reason)).Ok();

        async Task<JsonElement> PausedAsync() => (await _bank.As("operator").GetAsync($"/v1/webhooks/{webhook}")).Ok().Json
            .GetProperty("delivery").GetProperty("held");
    }

    [Fact]
    public async Task A_restore_while_no_host_runs_is_found_by_the_next_host_and_a_restart_alone_is_none()
    {
        var former = await EpochAsync(_bank.Host);
        var account = await _bank.As("teller").OpenAsync();
        var backup = await DatabaseBackup.TakeAsync(_bank.ConnectionString);
        (await _bank.As("teller").DepositAsync(account, "2.00")).Created();
        var end = await EndAsync();
        await _bank.Host.StopAsync();
        await using (var again = await _bank.StartAnotherAsync())
        {
            Assert.Equal(former, await EpochAsync(again));
            await again.StopAsync();
        }

        await backup.RestoreAsync();
        await using var restored = await _bank.StartAnotherAsync();

        var epoch = await EpochAsync(restored);
        Assert.NotEqual(former, epoch);
        var refused = await BankFixture.On(restored, "auditor").GetAsync($"/v1/feed?after={end}&epoch={former}");
        Assert.Equal((409, epoch), (refused.StatusCode, refused.Text("epoch")));
        // No reader could get a position of the restored log before the announcement.
        Assert.Equal(
            ["publishing.log-restored.v1"], await _bank.QueryAsync<string>("select type from bank.mt_events where seq_id >= $1", end));
        (await BankFixture.On(restored, "teller").DepositAsync(account, "1.00")).Created();
    }

    [Theory]
    [InlineData(false, "moved")]
    [InlineData(true, "differs")]
    public async Task A_move_that_has_the_last_event_but_lost_one_before_it_is_a_restore(bool isOneLost, string cause)
    {
        var account = await _bank.As("teller").OpenAsync();
        // The host notes how far it has read.
        (await _bank.As("auditor").GetAsync($"/v1/feed/completeness?account={account}")).Ok();
        for (var deposits = 0; deposits < 3; deposits++)
        {
            (await _bank.As("teller").DepositAsync(account, "1.00")).Created();
        }

        await _bank.Host.StopAsync();
        var end = await EndAsync();
        await _bank.ExecuteAsync("delete from bank.mt_events where $1 and seq_id = $2", isOneLost, end - 1);
        // As after a logical restore, the sequence has another file.
        await _bank.ExecuteAsync($"alter sequence bank.mt_events_sequence restart with {end + 1}");
        await using var moved = await _bank.StartAnotherAsync();

        await EpochAsync(moved);
        Assert.Equal(["created", cause], await _bank.QueryAsync<string>("select cause from platform.log_epoch order by number"));
        Assert.Equal(
            isOneLost,
            (await _bank.QueryAsync<long>("select first_position from platform.log_epoch where number = 2"))[0] < end);
    }

    [Theory]
    [InlineData("delete from platform.log_epoch")]
    [InlineData("update platform.log_epoch set first_position = 5 where number = 1")]
    [InlineData("update platform.log_epoch set number = 3 where number = 2")]
    [InlineData("update platform.log_epoch set first_position = first_position + 1 where number = 2")]
    [InlineData("update platform.log_epoch set cause = 'moved' where number = 2")]
    public async Task An_epoch_that_was_lost_or_changed_is_a_difference_and_the_bank_serves_on(string change)
    {
        var former = await EpochAsync(_bank.Host);
        var account = await _bank.As("teller").OpenAsync();
        var backup = await DatabaseBackup.TakeAsync(_bank.ConnectionString);
        (await _bank.As("teller").DepositAsync(account, "2.00")).Created();
        await backup.RestoreAsync();
        await NextEpochAsync(_bank.Host, former);
        Assert.Empty(await VerifyAsync(_bank.Host));

        await using (var command = _bank.Owner.CreateCommand(change))
        {
            await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        }

        Assert.Contains(await VerifyAsync(_bank.Host), d => (d.Model, d.Table) == ("log", "log_epoch"));
        await using var other = await _bank.StartAnotherAsync();
        (await BankFixture.On(other, "teller").DepositAsync(account, "1.00")).Created();
        (await BankFixture.On(other, "auditor").GetAsync("/v1/feed?limit=1")).Ok();
        Assert.Contains(await VerifyAsync(other), d => (d.Model, d.Table) == ("log", "log_epoch"));
    }

    private static async Task<IReadOnlyList<Difference>> VerifyAsync(IAlbaHost host) =>
        (await host.Services.GetRequiredService<Verification>().RunAsync(Guid.Empty, null, _ => { }, CancellationToken.None)).Differences;

    private async Task<long> EndAsync() => (await _bank.QueryAsync<long>("select max(seq_id) from bank.mt_events"))[0];

    private static async Task<string> EpochAsync(IAlbaHost host) =>
        (await BankFixture.On(host, "auditor").GetAsync("/v1/feed?limit=1")).Ok().Text("epoch");

    private static Task<string> NextEpochAsync(IAlbaHost host, string former) =>
        Eventually.UntilAsync(() => EpochAsync(host), epoch => epoch != former);
}
