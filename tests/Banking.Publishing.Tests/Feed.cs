using System.Globalization;
using System.Net.Http.Headers;
using System.Net.ServerSentEvents;
using System.Text.Json;
using Alba;
using Banking.Testing;

namespace Banking.Publishing.Tests;

/// <summary>The feed as a consumer reads it: page after page.</summary>
internal sealed class Feed(BankFixture bank)
{
    private readonly BankClient _auditor = bank.As("auditor");

    public async Task<FeedOf> PageAsync(string after, int limit = 1_000)
    {
        var answer = (await _auditor.GetAsync(string.Create(CultureInfo.InvariantCulture, $"/v1/feed?after={after}&limit={limit}"))).Ok();
        return new(answer.Items(), answer.NextCursor()!);
    }

    /// <summary>All of it after a position, once everything that is committed is in it.</summary>
    public async Task<IReadOnlyList<JsonElement>> AllAsync(string after = "0")
    {
        await CompleteAsync();
        var items = new List<JsonElement>();
        for (var page = await PageAsync(after); page.Items.Count > 0; page = await PageAsync(page.Next))
        {
            items.AddRange(page.Items);
        }

        return items;
    }

    public async Task<IReadOnlyList<JsonElement>> OfAsync(string account) =>
        [.. (await AllAsync()).Where(e => e.Text("subject") == account)];

    /// <summary>Returns where the log ends, once it is known to be complete up to there.</summary>
    public async Task<long> CompleteAsync()
    {
        var last = (await bank.QueryAsync<long>("select coalesce(max(seq_id), 0) from bank.mt_events"))[0];
        await Eventually.UntilAsync(
            async () => (await bank.As("operator").GetAsync("/ops/outbox")).Ok().Json.GetProperty("position").GetInt64(),
            position => position >= last);
        return last;
    }
}

internal sealed record FeedOf(IReadOnlyList<JsonElement> Items, string Next);

internal static class Events
{
    public static string Text(this JsonElement e, string name) => e.GetProperty(name).ToString();

    public static long Position(this JsonElement e) => long.Parse(e.Text("globalposition"), CultureInfo.InvariantCulture);

    public static long? Number(this JsonElement e, string name) => e.TryGetProperty(name, out var number) ? number.GetInt64() : null;
}

/// <summary>Somebody who listens to the feed: server-sent events in the order in which they came, until it is hung up.</summary>
internal sealed class Following : IAsyncDisposable
{
    private readonly CancellationTokenSource _hungUp = new();
    private readonly List<SseItem<string>> _heard = [];
    private readonly HttpClient _http;
    private readonly Task _listening;

    private Following(HttpClient http, HttpResponseMessage response) => (_http, _listening) = (http, ListenAsync(response));

    /// <summary>Whether the bank has ended it by itself.</summary>
    public bool IsOver => _listening.IsCompleted;

    /// <summary>The events that were heard; what only says where the feed is, is not among them.</summary>
    public IReadOnlyList<SseItem<string>> Heard
    {
        get
        {
            lock (_heard)
            {
                return [.. _heard.Where(e => e.EventType != "position")];
            }
        }
    }

    public IReadOnlyList<string> Ids => [.. Heard.Select(e => JsonElement.Parse(e.Data).Text("id"))];

    public static Task<Following> StartAsync(BankFixture bank, string query, string? lastEventId = null) =>
        StartAsync(((IAlbaHost)bank.Host).Server.CreateClient(), bank.Token("auditor"), query, lastEventId);

    public static async Task<Following> StartAsync(HttpClient http, string token, string query, string? lastEventId = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/feed" + query);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        request.Headers.Accept.ParseAdd("text/event-stream");
        if (lastEventId is not null)
        {
            request.Headers.Add("Last-Event-ID", lastEventId);
        }

        var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
        return new(http, response);
    }

    /// <summary>Hangs up.</summary>
    public async ValueTask DisposeAsync()
    {
        await _hungUp.CancelAsync();
        await _listening.ContinueWith(_ => { }, TaskScheduler.Default);
        _hungUp.Dispose();
        _http.Dispose();
    }

    private async Task ListenAsync(HttpResponseMessage response)
    {
        using (response)
        {
            await using var stream = await response.Content.ReadAsStreamAsync();
            await foreach (var item in SseParser.Create(stream).EnumerateAsync(_hungUp.Token))
            {
                lock (_heard)
                {
                    _heard.Add(item);
                }
            }
        }
    }
}
