using Banking.SharedKernel;
using Banking.Testing;

namespace Banking.Publishing.Tests;

/// <summary>
/// The stored document of a webhook is lost or stale, or an event of it cannot be read, when another host begins to lead. The test has its
/// own bank, because it stops the leading host.
/// </summary>
public sealed class LostWebhookTests : IAsyncLifetime
{
    private const string SecretOf =
        "select data ->> 'secret' from publishing_keys.mt_doc_webhook_secret where (data ->> 'webhook')::uuid = $1 order by id";

    private const string HideSecret =
        "update bank.mt_events set data = data - 'secret' || jsonb_build_object('kept', data -> 'secret') where stream_id = $1";

    private const string ShowSecret =
        "update bank.mt_events set data = data - 'kept' || jsonb_build_object('secret', data -> 'kept') where stream_id = $1";

    private readonly WebhookBank _bank = new();

    public ValueTask InitializeAsync() => _bank.InitializeAsync();

    public ValueTask DisposeAsync() => _bank.DisposeAsync();

    [Fact]
    public async Task Lost_and_stale_webhooks_keep_their_secrets_and_deliver_and_an_unreadable_one_stops_no_other()
    {
        await using WebhookReceiver lost = await ReceiverAsync(), stale = await ReceiverAsync(), unreadable = await ReceiverAsync(),
            removed = await ReceiverAsync(), later = await ReceiverAsync();
        var account = await _bank.As("teller").OpenAsync();
        var ids = new List<Guid>();
        foreach (var receiver in new[] { lost, stale, unreadable, removed })
        {
            ids.Add(await RegisterAsync(_bank.As("operator"), receiver, account));
        }

        await Eventually.UntilAsync(
            async () => (await _bank.QueryAsync<long>("select count(*) from publishing.publisher where kind = 'webhook'"))[0], n => n == 4);
        await MakeStaleAsync(ids[1]);
        var secrets = await SecretsAsync(ids);
        await _bank.Host.StopAsync();
        await _bank.ExecuteAsync("delete from publishing.mt_doc_webhook where id = any($1)", new[] { ids[0], ids[2] });
        await _bank.ExecuteAsync(HideSecret, ids[2]);

        await using var next = await _bank.StartAnotherAsync();
        var fifth = await RegisterAsync(BankFixture.On(next, "operator"), later, account);
        (await BankFixture.On(next, "operator").PostAsync(
            $"/v1/webhooks/{Name(ids[3])}/remove", new { reasonCode = "test", reason = "No more." })).Ok();
        (await BankFixture.On(next, "teller").DepositAsync(account, "1.00")).Created();

        await Task.WhenAll(new[] { lost, stale, later }.Select(r => r.TookAsync(1)));
        var expected = new[] { (lost, ids[0]), (stale, ids[1]), (later, fifth) };
        foreach (var (receiver, id) in expected)
        {
            Assert.Contains(await _bank.QueryAsync<string>(SecretOf, id), receiver.Taken[0].IsSignedWith);
        }

        // The removed webhook shows that the new leader has cleaned up.
        await Eventually.UntilAsync(() => _bank.QueryAsync<string>(SecretOf, ids[3]), s => s.Count == 0);
        Assert.Equal(secrets[..3], (await SecretsAsync(ids))[..3]);
        Assert.Single(await _bank.QueryAsync<string>("select name from publishing.publisher where name = $1", $"webhook:{Name(ids[2])}"));
        (await BankFixture.On(next, "auditor").GetAsync($"/v1/feed/deliveries?eventId={await EventAsync(account)}")).Ok();
        Assert.Empty(unreadable.All);

        await _bank.ExecuteAsync(ShowSecret, ids[2]);
        await unreadable.TookAsync(1);
        Assert.Equal(lost.Taken[0].Id, unreadable.Taken[0].Id);
    }

    [Fact]
    public async Task The_checkpoint_of_a_removed_webhook_whose_document_is_lost_is_deleted_and_those_of_others_are_kept()
    {
        await using var receiver = await ReceiverAsync();
        var account = await _bank.As("teller").OpenAsync();
        var ids = new List<Guid>();
        for (var i = 0; i < 3; i++)
        {
            ids.Add(await RegisterAsync(_bank.As("operator"), receiver, account));
        }

        var names = ids.Select(id => $"webhook:{Name(id)}").ToArray();
        await Eventually.UntilAsync(StoredAsync, stored => stored.SequenceEqual(names.Order(StringComparer.Ordinal)));
        await _bank.ExecuteAsync("create table kept as select * from publishing.publisher where name = $1", names[0]);
        (await _bank.AskAsync($"/v1/webhooks/{Name(ids[0])}/remove", new { reasonCode = "test", reason = "No more." })).Ok();
        await Eventually.UntilAsync(StoredAsync, stored => stored.Count == 2);
        await _bank.Host.StopAsync();
        // As if the host had ended before it deleted the checkpoint, and the documents had been lost then.
        await _bank.ExecuteAsync("insert into publishing.publisher select * from kept");
        await _bank.ExecuteAsync("delete from publishing.mt_doc_webhook where id = any($1)", ids.ToArray());
        await _bank.ExecuteAsync(HideSecret, ids[2]);

        await using var next = await _bank.StartAnotherAsync();

        await Eventually.UntilAsync(StoredAsync, stored => stored.SequenceEqual(names[1..].Order(StringComparer.Ordinal)));
        var outbox = (await BankFixture.On(next, "operator").GetAsync("/ops/outbox")).Ok().Items();
        Assert.All(names[1..], n => Assert.True(outbox.Single(d => d.Text("name") == n).GetProperty("configured").GetBoolean()));
    }

    private async Task<IReadOnlyList<string>> StoredAsync() =>
        [.. (await _bank.QueryAsync<string>("select name from publishing.publisher where kind = 'webhook'")).Order(StringComparer.Ordinal)];

    private static Task<WebhookReceiver> ReceiverAsync() => WebhookReceiver.StartAsync();

    private static string Name(Guid id) => PublicId.Format("whk", id);

    private static async Task<Guid> RegisterAsync(BankClient operators, WebhookReceiver receiver, string account)
    {
        var request = new { url = receiver.Url, types = new[] { "banking.account.money-deposited.v1" }, accounts = new[] { account } };
        Assert.True(PublicId.TryParse("whk", (await operators.PostAsync("/v1/webhooks", request)).Created().Text("id"), out var id));
        return id;
    }

    /// <summary>Rotates the secret, then stores the document again as it was before.</summary>
    private async Task MakeStaleAsync(Guid id)
    {
        var before = (await _bank.QueryAsync<string>("select data::text from publishing.mt_doc_webhook where id = $1", id))[0];
        (await _bank.AskAsync($"/v1/webhooks/{Name(id)}/secret/rotate", new { graceHours = 0 })).Ok();
        await _bank.ExecuteAsync("update publishing.mt_doc_webhook set data = $2::jsonb where id = $1", id, before);
    }

    private async Task<string[]> SecretsAsync(IEnumerable<Guid> ids)
    {
        var secrets = new List<string>();
        foreach (var id in ids)
        {
            secrets.Add(string.Join(' ', await _bank.QueryAsync<string>(SecretOf, id)));
        }

        return [.. secrets];
    }

    /// <summary>The published id of the account's deposit.</summary>
    private async Task<string> EventAsync(string account) => PublicId.Format("evt", (await _bank.QueryAsync<Guid>(
        "select id from bank.mt_events where stream_id = $1 and type like 'accounts.money-deposited.%'",
        PublicId.TryParse("acc", account, out var id) ? id : Guid.Empty))[0]);
}
