using System.Text.Json;
using Banking.EventStore.Published;
using Banking.SharedKernel;
using Banking.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Banking.Publishing.Tests;

/// <summary>
/// Events about an account that another stream stores, such as statements: blocked, or behind a blocked event, they are delivered when the
/// account is released.
/// </summary>
public sealed class BlockedEventTests(WebhookBank bank) : IClassFixture<WebhookBank>
{
    private const string Deposit = "banking.account.money-deposited.v1";
    private const string Refusal = "banking.account.transfer-refused.v1";

    private readonly BankClient _teller = bank.As("teller");

    /// <summary>All published events that another stream stores than that of their account.</summary>
    private string[] Types =>
        [.. bank.Host.Services.GetRequiredService<PublicContracts>().All.Where(c => c.About is not null).Select(c => c.Type)];

    [Fact]
    public async Task A_rejected_one_is_delivered_by_a_replay()
    {
        foreach (var type in Types)
        {
            await using var receiver = await WebhookReceiver.StartAsync();
            var rejects = true;
            receiver.Answer = _ => rejects ? 422 : 200;
            var (account, _) = await RegisterAsync(receiver, type);
            await RecordAsync(type, account);
            await DeadLetterAsync(account);

            rejects = false;
            await ReplayAsync(account);

            await receiver.TookAsync(1);
            Assert.Equal((type, account), (receiver.Taken[0].Type, receiver.Taken[0].Account));
        }
    }

    [Fact]
    public async Task One_of_a_type_that_was_paused_is_delivered_when_the_type_is_released()
    {
        foreach (var type in Types)
        {
            await using var receiver = await WebhookReceiver.StartAsync();
            var (account, destination) = await RegisterAsync(receiver, Deposit, type);
            (await bank.AskAsync($"/ops/outbox/{destination}/hold", new { type, reasonCode = "test", reason = "A test." })).Ok();
            await RecordAsync(type, account);
            await Eventually.UntilAsync(() => BlockedAsync(destination), blocked => blocked == 1);

            (await bank.AskAsync($"/ops/outbox/{destination}/release", new { type, reasonCode = "test", reason = "A test." })).Ok();

            await receiver.TookAsync(1);
            Assert.Equal((type, account), (receiver.Taken[0].Type, receiver.Taken[0].Account));
        }
    }

    [Fact]
    public async Task One_that_waits_behind_a_rejected_event_of_its_account_follows_it()
    {
        foreach (var type in Types)
        {
            await using var receiver = await WebhookReceiver.StartAsync();
            var rejects = true;
            receiver.Answer = _ => rejects ? 422 : 200;
            var (account, destination) = await RegisterAsync(receiver, Deposit, type);
            (await _teller.DepositAsync(account, "1.00")).Created();
            await DeadLetterAsync(account);
            await RecordAsync(type, account);
            (await _teller.DepositAsync(account, "2.00")).Created();
            await PassedAsync(destination);

            rejects = false;
            await ReplayAsync(account);

            await receiver.TookAsync(3);
            Assert.Equal([Deposit, type, Deposit], receiver.Taken.Select(d => d.Type));
        }
    }

    [Fact]
    public async Task A_rejected_refusal_whose_document_is_lost_is_delivered_by_a_replay()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        var rejects = true;
        receiver.Answer = _ => rejects ? 422 : 200;
        var (account, _) = await RegisterAsync(receiver, Refusal);
        await RecordAsync(Refusal, account);
        await DeadLetterAsync(account);
        Assert.True(PublicId.TryParse("acc", account, out var id));
        await bank.ExecuteAsync("delete from platform.mt_doc_refusal where (data ->> 'streamId')::uuid = $1", id);

        rejects = false;
        await ReplayAsync(account);

        await receiver.TookAsync(1);
        Assert.Equal(Refusal, receiver.Taken[0].Type);
    }

    /// <summary>Registers a webhook for an account, and waits for its publisher.</summary>
    private async Task<(string Account, string Destination)> RegisterAsync(WebhookReceiver receiver, params string[] types)
    {
        var account = await _teller.OpenAsync(effectiveAt: new(2026, 10, 20, 8, 0, 0, TimeSpan.Zero));
        var destination = $"webhook:{await bank.RegisterWebhookAsync(receiver.Url, types, [account])}";
        await PassedAsync(destination);
        return (account, destination);
    }

    /// <summary>Does what the bank publishes as this type.</summary>
    private async Task RecordAsync(string type, string account)
    {
        switch (type)
        {
            case Refusal:
                (await _teller.TransferAsync(account, await _teller.OpenAsync(), "9.00")).IsProblem(422, "insufficient_funds");
                break;
            case "banking.account.statement-issued.v1":
                (await _teller.PostAsync(
                    $"/v1/accounts/{account}/statements",
                    new { from = "2026-10-20", to = "2026-11-01" },
                    ("Idempotency-Key", BankClient.NewKey()))).Created();
                break;
            default:
                throw new NotSupportedException($"Nothing here makes an event {type}.");
        }
    }

    private async Task ReplayAsync(string account) => Assert.Equal(
        202, (await bank.AskAsync("/ops/dead-letters/replay", new { account, reasonCode = "fixed", reason = "A test." })).StatusCode);

    private Task<IReadOnlyList<JsonElement>> DeadLetterAsync(string account) => Eventually.UntilAsync(
        async () => (await bank.As("operator").GetAsync($"/ops/dead-letters?account={account}")).Ok().Items(), items => items.Count == 1);

    private async Task<long> BlockedAsync(string destination) => (await bank.QueryAsync<long>(
        "select count(*) from publishing.blocked_account where publisher = $1", destination))[0];

    /// <summary>Waits until the destination is past all events.</summary>
    private async Task PassedAsync(string destination)
    {
        var end = (await bank.QueryAsync<long>("select max(seq_id) from bank.mt_events"))[0];
        await Eventually.UntilAsync(
            () => bank.QueryAsync<long>("select position from publishing.publisher where name = $1", destination),
            positions => positions is [var position] && position >= end);
    }
}
