using System.Text.Json;
using Banking.ReadModels.Books;
using Banking.ReadModels.Comparing;
using Banking.SharedKernel;
using Banking.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Banking.Publishing.Tests;

/// <summary>
/// The grace period of a rotated secret ends by the bank's clock and is recorded in the log. Each test has its own bank, because it
/// moves the clock.
/// </summary>
public sealed class WebhookGraceTests : BankFixture
{
    protected override string[] Settings => [.. base.Settings, .. LocalWebhooks];

    [Fact]
    public async Task When_the_grace_is_over_the_old_secret_is_retired_once_and_deleted()
    {
        var webhook = await this.RegisterWebhookAsync("http://127.0.0.1:1/");
        var old = Assert.Single(await this.SecretsAsync(webhook));
        (await this.AskAsync($"/v1/webhooks/{webhook}/secret/rotate", new { graceHours = 2 })).Ok();
        Clock.Advance(TimeSpan.FromMinutes(119));
        Assert.Equal(2, (await this.SecretsAsync(webhook)).Length);
        Assert.True((await ListedAsync()).TryGetProperty("oldSecretUntil", out _));

        Clock.Advance(TimeSpan.FromMinutes(1));

        Assert.DoesNotContain(old, await this.SecretsAsync(webhook));
        await Eventually.UntilAsync(() => EventsAsync(webhook), events => events.Count == 3);
        Assert.Equal("publishing.webhook-secret-retired.v1", (await EventsAsync(webhook))[^1]);
        await Eventually.UntilAsync(DueCountAsync, n => n == 0);
        await Eventually.UntilAsync(
            async () => (await this.QueryAsync<long>("select count(*) from publishing_keys.mt_doc_webhook_secret"))[0], n => n == 1);
        var shown = (await As("operator").GetAsync($"/v1/webhooks/{webhook}")).Ok().Json;
        Assert.False(shown.TryGetProperty("oldSecretUntil", out _));
        Assert.Equal(shown.GetProperty("version").GetInt64(), (await ListedAsync()).GetProperty("version").GetInt64());
        (await this.AskAsync($"/v1/webhooks/{webhook}/secret/rotate", new { graceHours = 2 })).Ok();
    }

    [Fact]
    public async Task A_later_rotation_without_grace_ends_it_before_and_its_end_changes_nothing()
    {
        var webhook = await this.RegisterWebhookAsync("http://127.0.0.1:1/");
        (await this.AskAsync($"/v1/webhooks/{webhook}/secret/rotate", new { graceHours = 2 })).Ok();
        (await this.AskAsync($"/v1/webhooks/{webhook}/secret/rotate", new { graceHours = 0 })).Ok();
        Assert.Equal(1, await DueCountAsync());

        Clock.Advance(TimeSpan.FromHours(3));

        await Eventually.UntilAsync(DueCountAsync, n => n == 0);
        Assert.Equal(3, (await EventsAsync(webhook)).Count);
        Assert.Single(await this.SecretsAsync(webhook));
    }

    [Fact]
    public async Task The_grace_of_a_removed_webhook_ends_without_an_event()
    {
        var webhook = await this.RegisterWebhookAsync("http://127.0.0.1:1/");
        (await this.AskAsync($"/v1/webhooks/{webhook}/secret/rotate", new { graceHours = 2 })).Ok();
        (await this.AskAsync($"/v1/webhooks/{webhook}/remove", new { reasonCode = "test", reason = "No more." })).Ok();

        Clock.Advance(TimeSpan.FromHours(3));

        await Eventually.UntilAsync(DueCountAsync, n => n == 0);
        Assert.Equal("publishing.webhook-removed.v1", (await EventsAsync(webhook))[^1]);
    }

    [Fact]
    public async Task A_lost_wait_for_the_end_of_a_grace_period_is_reported()
    {
        var webhook = await this.RegisterWebhookAsync("http://127.0.0.1:1/");
        (await this.AskAsync($"/v1/webhooks/{webhook}/secret/rotate", new { graceHours = 2 })).Ok();
        Assert.True(PublicId.TryParse("whk", webhook, out var id));
        var comparing = Host.Services.GetRequiredService<StreamVerification>();
        async Task<IReadOnlyList<Difference>> DifferencesAsync() =>
            (await comparing.CompareAsync(StreamSelection.Of(id), [id], CancellationToken.None)).Differences;
        Assert.Empty(await DifferencesAsync());

        Assert.Single(await this.QueryAsync<Guid>("delete from platform.due returning id"));

        Assert.Equal([("due", id)], (await DifferencesAsync()).Select(d => (d.Table, d.Stream!.Value)));
        (await this.AskAsync($"/v1/webhooks/{webhook}/secret/rotate", new { graceHours = 0 })).Ok();
        Assert.Empty(await DifferencesAsync());
    }

    private async Task<JsonElement> ListedAsync() => Assert.Single((await As("operator").GetAsync("/v1/webhooks")).Ok().Items());

    private async Task<long> DueCountAsync() => (await this.QueryAsync<long>("select count(*) from platform.due"))[0];

    private Task<List<string>> EventsAsync(string webhook) =>
        this.QueryAsync<string>(
            "select type from bank.mt_events where stream_id = $1 order by version",
            PublicId.TryParse("whk", webhook, out var id) ? id : Guid.Empty);
}
