using System.Net;
using System.Net.Http.Headers;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Banking.Consumer.Sources;

/// <summary>
/// The bank's own feed over HTTP: pages until it is caught up, then what comes as it comes. A broken connection is made again where it
/// broke.
/// </summary>
/// <param name="http">With the bank's address and a token.</param>
/// <param name="position">After which to begin. A book that is kept would begin after the last position that it holds.</param>
public sealed class FeedSource(HttpClient http, TimeProvider clock, string position = "0") : IEventSource
{
    private const int PageSize = 500;

    /// <summary>Where the feed is resumed: after the last event that was acknowledged.</summary>
    /// <summary>Sent now and then where nothing happens: the place alone.</summary>
    private const string NoEvent = "position";

    public string Position { get; private set; } = position;

    public async IAsyncEnumerable<Delivery> ReadAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        var pause = TimeSpan.FromSeconds(1);
        while (true)
        {
            await using var deliveries = ConnectAsync(p => pause = p, cancellation).GetAsyncEnumerator(cancellation);
            while (await NextAsync(deliveries, cancellation))
            {
                yield return deliveries.Current;
            }

            await Task.Delay(pause, clock, cancellation);
        }
    }

    /// <summary>
    /// Whether there is another: none where the connection broke. That the bank refuses is no broken connection, and is thrown.
    /// </summary>
    private static async Task<bool> NextAsync(IAsyncEnumerator<Delivery> deliveries, CancellationToken cancellation)
    {
        try
        {
            return await deliveries.MoveNextAsync();
        }
        catch (HttpRequestException e)
            when (e.StatusCode is null or >= HttpStatusCode.InternalServerError or HttpStatusCode.TooManyRequests)
        {
            return false;
        }
        catch (Exception e) when (e is IOException || (e is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            // Cut off, or no answer in time.
            return false;
        }
    }

    private async IAsyncEnumerable<Delivery> ConnectAsync(
        Action<TimeSpan> pauseAfterwards, [EnumeratorCancellation] CancellationToken cancellation)
    {
        for (var before = ""; before != Position;)
        {
            // A page may be empty and not the last: where much of the log is not published, the cursor moves all the same.
            var page = await PageAsync(cancellation);
            foreach (var item in page.Items)
            {
                yield return new(JsonMarshal.GetRawUtf8Value(item).ToArray(), () => ValueTask.CompletedTask);
            }

            (before, Position) = (Position, page.NextCursor);
        }

        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/feed");
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/event-stream"));
        request.Headers.Add("Last-Event-ID", Position);
        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
        response.EnsureSuccessStatusCode();
        await using var stream = await response.Content.ReadAsStreamAsync(cancellation);
        var events = SseParser.Create(stream, (_, data) => data.ToArray());
        await foreach (var item in events.EnumerateAsync(cancellation))
        {
            if (item.EventType == NoEvent)
            {
                Position = item.EventId ?? Position;
            }
            else
            {
                yield return new(item.Data, () =>
                {
                    Position = item.EventId ?? Position;
                    return ValueTask.CompletedTask;
                });
            }

            if (events.ReconnectionInterval != Timeout.InfiniteTimeSpan)
            {
                pauseAfterwards(events.ReconnectionInterval);
            }
        }
    }

    private async Task<Page> PageAsync(CancellationToken cancellation)
    {
        using var response = await http.GetAsync($"/v1/feed?after={Uri.EscapeDataString(Position)}&limit={PageSize}", cancellation);
        response.EnsureSuccessStatusCode();
        var page = JsonElement.Parse(await response.Content.ReadAsByteArrayAsync(cancellation));
        return new([.. page.GetProperty("items").EnumerateArray()], page.GetProperty("nextCursor").GetString()!);
    }

    /// <param name="Items">May be empty, with more behind the cursor.</param>
    /// <param name="NextCursor">Always there: it is where to go on once there is.</param>
    private sealed record Page(IReadOnlyList<JsonElement> Items, string NextCursor);
}
