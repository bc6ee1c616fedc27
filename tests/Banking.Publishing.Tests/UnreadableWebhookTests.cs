using Banking.SharedKernel;
using Banking.Testing;

namespace Banking.Publishing.Tests;

/// <summary>A change of a webhook with an unreadable event is refused and names that event; other webhooks are not affected.</summary>
public sealed class UnreadableWebhookTests(WebhookBank bank) : IClassFixture<WebhookBank>
{
    [Fact]
    public async Task A_change_of_it_is_answered_with_the_event_and_others_continue()
    {
        var (unreadable, other) = (
            await bank.RegisterWebhookAsync("http://127.0.0.1:9/spoiled"), await bank.RegisterWebhookAsync("http://127.0.0.1:9/other"));
        var id = IdOf(unreadable);
        await bank.ExecuteAsync("update bank.mt_events set data = data - 'secret' where stream_id = $1", id);
        await bank.ExecuteAsync("delete from publishing.mt_doc_webhook where id = $1", id);
        var position = (await bank.QueryAsync<long>("select seq_id from bank.mt_events where stream_id = $1", id))[0];
        await using var host = await bank.StartAnotherAsync();
        var operators = BankFixture.On(host, "operator");

        var refused = await operators.PostAsync($"/v1/webhooks/{unreadable}/secret/rotate", new { });

        Assert.Equal((503, "event_unreadable", $"{position}"), (refused.StatusCode, refused.Code, refused.Text("position")));
        (await operators.PostAsync($"/v1/webhooks/{other}/secret/rotate", new { })).Ok();
    }

    [Fact]
    public async Task A_grace_period_whose_end_is_no_time_keeps_its_own_secret_only()
    {
        var (forged, other) = (
            await bank.RegisterWebhookAsync("http://127.0.0.1:9/forged"), await bank.RegisterWebhookAsync("http://127.0.0.1:9/other"));
        (await bank.AskAsync($"/v1/webhooks/{forged}/secret/rotate", new { graceHours = 2 })).Ok();
        await bank.ExecuteAsync(
            "update publishing.mt_doc_webhook set data = jsonb_set(data, '{oldSecretUntil}', '\"soon\"') where id = $1", IdOf(forged));

        (await bank.AskAsync($"/v1/webhooks/{other}/secret/rotate", new { graceHours = 0 })).Ok();

        await Eventually.UntilAsync(() => SecretsOfAsync(other), n => n == 1);
        Assert.Equal(2, await SecretsOfAsync(forged));
    }

    private async Task<long> SecretsOfAsync(string webhook) => (await bank.QueryAsync<long>(
        "select count(*) from publishing_keys.mt_doc_webhook_secret where data ->> 'webhook' = $1", IdOf(webhook).ToString()))[0];

    private static Guid IdOf(string webhook) =>
        PublicId.TryParse("whk", webhook, out var id) ? id : throw new FormatException(webhook);
}
