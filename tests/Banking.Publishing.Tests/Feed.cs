using System.Globalization;
using System.Net.Http.Headers;
using System.Net.ServerSentEvents;
using System.Text.Json;
using Alba;
using Banking.Testing;

namespace Banking.Publishing.Tests;

/// <summary>Reads the feed page by page, as a consumer does.</summary>
internal sealed class Feed(BankFixture bank)
{
    private readonly BankClient _auditor = bank.As("auditor");

    public async Task<FeedOf> PageAsync(string after, int limit = 1_000)
    {
        var answer = (await _auditor.GetAsync(string.Create(CultureInfo.InvariantCulture, $"/v1/feed?after={after}&limit={limit}"))).Ok();
        return new(answer.Items(), answer.NextCursor()!);
    }

    /// <summary>Every event after a position, once the feed contains everything committed so far.</summary>
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

    /// <summary>Waits until the high-water mark has reached the end of the log, and returns that end.</summary>
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

/// <summary>A consumer of the feed as server-sent events; it keeps them in order of arrival until it is disposed.</summary>
internal sealed class Following : IAsyncDisposable
{
    private readonly CancellationTokenSource _disconnect = new();
    private readonly List<SseItem<string>> _received = [];
    private readonly HttpClient _http;
    private readonly Task _reading;

    private Following(HttpClient http, HttpResponseMessage response) => (_http, _reading) = (http, ReadAsync(response));

    /// <summary>Whether the bank has closed the stream.</summary>
    public bool IsOver => _reading.IsCompleted;

    /// <summary>Why the stream broke; null if the bank closed it in order.</summary>
    public Exception? Failure => _reading.Exception;

    /// <summary>The received events, without those of type <c>position</c>, which only report the feed's position.</summary>
    public IReadOnlyList<SseItem<string>> Heard
    {
        get
        {
            lock (_received)
            {
                return [.. _received.Where(e => e.EventType != "position")];
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

    /// <summary>Disconnects.</summary>
    public async ValueTask DisposeAsync()
    {
        await _disconnect.CancelAsync();
        await _reading.ContinueWith(_ => { }, TaskScheduler.Default);
        _disconnect.Dispose();
        _http.Dispose();
    }

    private async Task ReadAsync(HttpResponseMessage response)
    {
        using (response)
        {
            await using var stream = await response.Content.ReadAsStreamAsync();
            await foreach (var item in SseParser.Create(stream).EnumerateAsync(_disconnect.Token))
            {
                lock (_received)
                {
                    _received.Add(item);
                }
            }
        }
    }
}
