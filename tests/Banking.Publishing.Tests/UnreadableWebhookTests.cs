using Banking.SharedKernel;
using Banking.Testing;

namespace Banking.Publishing.Tests;

/// <summary>A change of a webhook with an unreadable event is refused and names that event; other webhooks are not affected.</summary>
public sealed class UnreadableWebhookTests(WebhookBank bank) : IClassFixture<WebhookBank>
{
    [Fact]
    public async Task A_change_of_it_is_answered_with_the_event_and_others_go_on()
    {
        var (unreadable, other) = (
            await bank.RegisterWebhookAsync("http://127.0.0.1:9/spoiled"), await bank.RegisterWebhookAsync("http://127.0.0.1:9/other"));
        Assert.True(PublicId.TryParse("whk", unreadable, out var id));
        await bank.ExecuteAsync("update bank.mt_events set data = data - 'secret' where stream_id = $1", id);
        await bank.ExecuteAsync("delete from publishing.mt_doc_webhook where id = $1", id);
        var position = (await bank.QueryAsync<long>("select seq_id from bank.mt_events where stream_id = $1", id))[0];
        await using var host = await bank.StartAnotherAsync();
        var operators = BankFixture.On(host, "operator");

        var refused = await operators.PostAsync($"/v1/webhooks/{unreadable}/secret/rotate", new { });

        Assert.Equal((503, "event_unreadable", $"{position}"), (refused.StatusCode, refused.Code, refused.Text("position")));
        (await operators.PostAsync($"/v1/webhooks/{other}/secret/rotate", new { })).Ok();
    }
}
