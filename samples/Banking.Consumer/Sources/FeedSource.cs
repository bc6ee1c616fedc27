using System.Net;
using System.Net.Http.Headers;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Banking.Consumer.Sources;

/// <summary>
/// The bank's own feed over HTTP: pages until it has caught up, then server-sent events. After a broken connection it resumes at its
/// position.
/// </summary>
/// <param name="http">A client with the bank's address and a token.</param>
/// <param name="position">The position after which to begin, with its epoch: epoch:position. A persistent book would begin after its last
/// position.</param>
public sealed class FeedSource(HttpClient http, TimeProvider clock, string position = "0") : IEventSource
{
    private const int PageSize = 500;

    /// <summary>The type of a message that has only a position. The feed sends it from time to time when there are no events.</summary>
    private const string PositionOnly = "position";

    /// <summary>
    /// The position after the last acknowledged event, from which the feed is resumed. With the epoch of the log: without it the position
    /// would stand for another event after a restore of the bank.
    /// </summary>
    public string Position { get; private set; } = position;

    public async IAsyncEnumerable<Delivery> ReadAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        var pause = TimeSpan.FromSeconds(1);
        while (true)
        {
            await using var deliveries = ConnectAsync(p => pause = p, cancellation).GetAsyncEnumerator(cancellation);
            while (await MoveNextAsync(deliveries, cancellation))
            {
                yield return deliveries.Current;
            }

            await Task.Delay(pause, clock, cancellation);
        }
    }

    /// <summary>
    /// Moves to the next delivery. False if the connection broke. A refusal by the bank is not a broken connection and is thrown.
    /// </summary>
    private static async Task<bool> MoveNextAsync(IAsyncEnumerator<Delivery> deliveries, CancellationToken cancellation)
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
            // The connection was cut, or the answer timed out.
            return false;
        }
    }

    private async IAsyncEnumerable<Delivery> ConnectAsync(
        Action<TimeSpan> pauseAfterwards, [EnumeratorCancellation] CancellationToken cancellation)
    {
        for (var before = ""; before != Position;)
        {
            // An empty page need not be the last one: the cursor also moves over events that are not published.
            var page = await ReadPageAsync(cancellation);
            foreach (var item in page.Items)
            {
                yield return new(JsonMarshal.GetRawUtf8Value(item).ToArray(), () => ValueTask.CompletedTask);
            }

            (before, Position) = (Position, page.Epoch is { } epoch ? $"{epoch}:{page.NextCursor}" : page.NextCursor);
        }

        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/feed");
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/event-stream"));
        request.Headers.Add("Last-Event-ID", Position);
        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
        await RequireAsync(response, cancellation);
        await using var stream = await response.Content.ReadAsStreamAsync(cancellation);
        var events = SseParser.Create(stream, (_, data) => data.ToArray());
        await foreach (var item in events.EnumerateAsync(cancellation))
        {
            if (item.EventType == PositionOnly)
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

    private async Task<Page> ReadPageAsync(CancellationToken cancellation)
    {
        var epoch = Position.Split(':') is [var given, _] ? $"&epoch={Uri.EscapeDataString(given)}" : "";
        var after = Uri.EscapeDataString(Position.Split(':')[^1]);
        using var response = await http.GetAsync($"/v1/feed?after={after}{epoch}&limit={PageSize}", cancellation);
        await RequireAsync(response, cancellation);
        var page = JsonElement.Parse(await response.Content.ReadAsByteArrayAsync(cancellation));
        return new(
            [.. page.GetProperty("items").EnumerateArray()],
            page.GetProperty("nextCursor").GetString()!,
            page.TryGetProperty("epoch", out var current) ? current.GetString() : null);
    }

    /// <exception cref="LogRestoredException">The position is of another epoch of the log.</exception>
    private static async Task RequireAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        if (response.StatusCode == HttpStatusCode.Conflict)
        {
            var problem = JsonElement.Parse(await response.Content.ReadAsByteArrayAsync(cancellation));
            throw new LogRestoredException(problem.GetProperty("detail").GetString()!);
        }

        response.EnsureSuccessStatusCode();
    }

    /// <param name="Items">May be empty although more items follow.</param>
    /// <param name="NextCursor">The cursor of the next page, also at the end of the feed.</param>
    /// <param name="Epoch">The epoch of the log that the cursor belongs to.</param>
    private sealed record Page(IReadOnlyList<JsonElement> Items, string NextCursor, string? Epoch);
}
