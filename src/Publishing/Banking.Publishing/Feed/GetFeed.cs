using System.Buffers;
using System.Globalization;
using System.Net.Mime;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using Banking.Commands.Decisions;
using Banking.EventStore.Log;
using Banking.Publishing.Log;
using Banking.SharedKernel;
using Banking.Web.Http;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Banking.Publishing.Feed;

/// <summary>A page of events in the order of the log. It describes the answer for OpenAPI; the JSON is written directly below.</summary>
/// <param name="Items">CloudEvents 1.0 events, the same as at every destination.</param>
/// <param name="NextCursor">The value of after for the next page: a position of the log. It is present on the last page too, and equals the
/// given position if there are no more events yet. A page may have fewer items than the limit, or none, although more follow.</param>
public sealed record FeedPage(IReadOnlyList<JsonElement> Items, string NextCursor);

/// <summary>The feed is always available: a consumer that stores one position has read everything up to it.</summary>
public static class GetFeedEndpoint
{
    private const int DefaultLimit = 100;
    private const int MaxLimit = 1_000;

    /// <summary>With longer pauses proxies may close the connection as dead.</summary>
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(15);

    /// <summary>
    /// Events after a position, oldest first. With Accept: text/event-stream the answer continues until the client closes it; the id of
    /// each event is its position.
    /// </summary>
    [WolverineGet("/v1/feed")]
    [ReadsCompleteLog]
    [Serves(MediaTypeNames.Application.Json, ServesAttribute.EventStream)]
    [QueryParameter("after", "Only events after this position; from the beginning when left out.")]
    [QueryParameter("limit", "1 to 1000; 100 when left out. For pages only, not for a stream.")]
    [Tags("Publication")]
    [EndpointSummary("Read published events in the order of the log, as pages or as a stream of server-sent events")]
    [Authorize(Policies.ReadFeed)]
    [ProducesResponseType<FeedPage>(StatusCodes.Status200OK)]
    public static async Task<IResult> Get(PublicLog log, LogWatcher watch, HighWaterMark highWaterMark, LogEnd end, HttpContext http)
    {
        var isStream = AnswerForm.IsEventStream(http);
        var (limit, problem) = ReadLimit(http.Request, isStream);
        var (after, start) = (0L, http.Request.Query["after"]);
        if (problem is null && start.Count > 0)
        {
            (after, problem) = await ReadPositionAsync("after", start.ToString(), highWaterMark, end, http.RequestAborted);
        }

        // A reader that reconnects sends its last position in this header, which overrides the parameter.
        if (problem is null && http.Request.Headers["Last-Event-ID"].ToString() is { Length: > 0 } last)
        {
            (after, problem) = await ReadPositionAsync("Last-Event-ID", last, highWaterMark, end, http.RequestAborted);
        }

        if (problem is not null)
        {
            return new ProblemResult(problem);
        }

        if (isStream)
        {
            // Checked before the answer begins: if the next event cannot be read, the answer is a problem and not a broken stream.
            await log.ReadAsync(after, http.RequestAborted);
        }

        return isStream
            ? EventStream.Of(http, () => FollowAsync(log, watch, after, http.RequestAborted))
            : new FeedResult(await log.TakeAsync(after, limit, http.RequestAborted));
    }

    private static async Task<(long Position, Refusal? Problem)> ReadPositionAsync(
        string name, string text, HighWaterMark highWaterMark, LogEnd end, CancellationToken ct)
    {
        if (!Exact.TryNumber(text, out var position))
        {
            return (0, Refusal.Malformed("malformed_position", "after and Last-Event-ID must be a position that this feed gave: digits."));
        }

        // A position beyond this host's high-water mark may still be in the log: the end is read from the log itself.
        return (position, position <= highWaterMark.Complete ? null : PositionBeyondEnd.Problem(name, position, await end.ReadAsync(ct)));
    }

    private static (int Limit, Refusal? Problem) ReadLimit(HttpRequest request, bool isStream)
    {
        var limit = DefaultLimit;
        if (request.Query.TryGetValue("limit", out var text)
            && (!Exact.TryInt(text, out limit) || limit is < 1 or > MaxLimit))
        {
            return (0, Refusal.Malformed("malformed_limit", $"limit must be 1 to {MaxLimit}."));
        }

        return isStream && request.Query.ContainsKey("limit")
            ? (0, Refusal.Malformed("limit_of_a_stream", "limit applies to pages; a stream continues until the client closes it."))
            : (limit, null);
    }

    private static async IAsyncEnumerable<SseItem<string>> FollowAsync(
        PublicLog log, LogWatcher watch, long after, [EnumeratorCancellation] CancellationToken ct)
    {
        // Sent at once: otherwise the client would wait for the response headers until the next event.
        yield return PositionItem(after);
        while (!watch.Stopping.IsCancellationRequested)
        {
            if (await NextAsync(log, after, ct) is not { } page)
            {
                yield break;
            }

            foreach (var e in page.Events)
            {
                yield return new(Encoding.UTF8.GetString(e.Json.Span), e.Type)
                {
                    EventId = e.Position.ToString(CultureInfo.InvariantCulture),
                };
            }

            if (page.Events.Count == 0 && page.End > after)
            {
                // None of these events is published: a client that reconnects need not read them again.
                yield return PositionItem(page.End);
            }

            if (page.End == after)
            {
                await WaitAsync(watch, after, ct);
                if ((await NextAsync(log, after, ct))?.End == after)
                {
                    // A heartbeat: it keeps proxies from closing the connection, and gives the client its position.
                    yield return PositionItem(after);
                }
            }

            after = page.End;
        }
    }

    /// <summary>
    /// Reads the next page. Null if the next event cannot be read: the stream ends, and a client that reconnects gets the error.
    /// </summary>
    private static async Task<PublicPage?> NextAsync(PublicLog log, long after, CancellationToken ct)
    {
        try
        {
            return await log.ReadAsync(after, ct);
        }
        catch (UnreadableEventException)
        {
            return null;
        }
    }

    /// <summary>Waits for new events, or until the host stops: then the stream ends, and the client reconnects to another host.</summary>
    private static async Task WaitAsync(LogWatcher watch, long after, CancellationToken ct)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, watch.Stopping);
        try
        {
            await watch.WaitAsync(after, Heartbeat, either.Token);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            // The host stops, and the stream ends regularly.
        }
    }

    private static SseItem<string> PositionItem(long position) =>
        new("{}", "position") { EventId = position.ToString(CultureInfo.InvariantCulture), ReconnectionInterval = TimeSpan.FromSeconds(1) };

    private sealed class FeedResult(PublicPage page) : IResult
    {
        public async Task ExecuteAsync(HttpContext httpContext)
        {
            httpContext.Response.ContentType = "application/json";
            var body = httpContext.Response.BodyWriter;
            body.Write("{\"items\":["u8);
            for (var i = 0; i < page.Events.Count; i++)
            {
                body.Write(i == 0 ? ""u8 : ","u8);
                body.Write(page.Events[i].Json.Span);
            }

            body.Write(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"],\"nextCursor\":\"{page.End}\"}}")));
            await body.FlushAsync(httpContext.RequestAborted);
        }
    }
}
