using System.Text.Json;
using Banking.SharedKernel;
using Banking.Testing;

namespace Banking.Publishing.Tests;

/// <summary>
/// A webhook whose document is lost and whose event cannot be read is in the list. The overview of webhooks pauses before such an event if
/// it has not read it yet, so the test has its own bank.
/// </summary>
public sealed class UnreadableWebhookListTests : IAsyncLifetime
{
    private readonly WebhookBank _bank = new();

    public ValueTask InitializeAsync() => _bank.InitializeAsync();

    public ValueTask DisposeAsync() => _bank.DisposeAsync();

    [Fact]
    public async Task A_list_shows_it_with_the_event_and_all_others_as_they_are()
    {
        const string Url = "http://127.0.0.1:9/spoiled";
        var (unreadable, other) = (
            await _bank.RegisterWebhookAsync(Url), await _bank.RegisterWebhookAsync("http://127.0.0.1:9/other"));
        await Eventually.UntilAsync(() => ListedAsync(_bank.As("operator")), all => all.Count == 2);
        Assert.True(PublicId.TryParse("whk", unreadable, out var id));
        await _bank.ExecuteAsync("update bank.mt_events set data = data - 'secret' where stream_id = $1", id);
        await _bank.ExecuteAsync("delete from publishing.mt_doc_webhook where id = $1", id);
        var eventId = (await _bank.QueryAsync<Guid>("select id from bank.mt_events where stream_id = $1", id))[0];
        var position = (await _bank.QueryAsync<long>("select seq_id from bank.mt_events where stream_id = $1", id))[0];

        var listed = await ListedAsync(_bank.As("operator"));

        var shown = listed[unreadable];
        Assert.Equal(Url, shown.Text("url"));
        Assert.Equal(
            (PublicId.Format("evt", eventId), $"{position}"),
            (shown.GetProperty("unreadable").Text("eventId"), shown.GetProperty("unreadable").Text("position")));
        Assert.False(listed[other].TryGetProperty("unreadable", out _));
        Assert.Equal(503, (await _bank.As("operator").GetAsync($"/v1/webhooks/{unreadable}")).StatusCode);
    }

    private static async Task<Dictionary<string, JsonElement>> ListedAsync(BankClient operators) =>
        (await operators.GetAsync("/v1/webhooks?limit=500")).Ok().Items().ToDictionary(w => w.Text("id"));
}
